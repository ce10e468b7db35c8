"""Pydantic AI. It keeps the conversation, and a structured answer is the call of a tool that it answers by itself."""

import asyncio

from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from conversation import asked, given, stored
from nanobot import Nanobot
from peer import Peer, calls, says, waits


class City(BaseModel):
    name: str
    degrees: int


def make_model(server: Nanobot, key: str, **options: object) -> OpenAIChatModel:
    client = AsyncOpenAI(base_url=server.url, api_key="none", default_headers={"x-session-key": key}, **{"max_retries": 0, **options})
    return OpenAIChatModel("nanobot", provider=OpenAIProvider(openai_client=client))


def make_agent(server: Nanobot, key: str, **options: object) -> Agent:
    agent = Agent(make_model(server, key, **options), instructions="Be brief.")

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"21 degrees in {city}"

    return agent


def make_city_agent(server: Nanobot, key: str) -> Agent:
    return Agent(make_model(server, key), instructions="Be brief.", output_type=ToolOutput(City, name="city"))


CALL = calls("weather", city="Paris")
LOOP = [
    "user: How is Paris?",
    'assistant calls weather {"city": "Paris"}',
    "tool: 21 degrees in Paris",
    "assistant: Warm.",
]
PARIS = ["user: How is Paris?", 'assistant calls city {"name": "Paris", "degrees": 21}', "tool: Final result processed."]


def test_it_remembers(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(says("Hello, Bob."), says("Bob."))
        first = await agent.run("I am Bob.")
        second = await agent.run("Who am I?", message_history=first.all_messages())
        assert (first.output, second.output) == ("Hello, Bob.", "Bob.")

    asyncio.run(talk())
    conversation = ["user: I am Bob.", "assistant: Hello, Bob.", "user: Who am I?"]
    assert asked(peer) == ["system: Be brief.", *conversation]
    assert stored(server, key) == [*conversation, "assistant: Bob."]


def test_it_streams_a_tool_loop(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(CALL, says("Warm."))
        async with make_agent(server, key).run_stream("How is Paris?") as run:
            assert "".join([delta async for delta in run.stream_text(delta=True)]) == "Warm."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP[:-1]]
    assert stored(server, key) == LOOP


def test_an_answer_by_tool_with_its_history(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_city_agent(server, key)
        peer.script(calls("city", name="Paris", degrees=21), calls("city", name="Rome", degrees=25), calls("city", name="Oslo", degrees=9))
        first = await agent.run("How is Paris?")
        second = await agent.run("And Rome?", message_history=first.all_messages())
        third = await agent.run("And Oslo?", message_history=second.all_messages())
        assert (first.output, third.output) == (City(name="Paris", degrees=21), City(name="Oslo", degrees=9))

    asyncio.run(talk())
    conversation = [
        *PARIS,
        "user: And Rome?", 'assistant calls city {"name": "Rome", "degrees": 25}', "tool: Final result processed.",
        "user: And Oslo?",
    ]
    assert asked(peer) == ["system: Be brief.", *conversation]
    assert stored(server, key) == [*conversation, 'assistant calls city {"name": "Oslo", "degrees": 9}']


def test_a_wrong_answer_by_tool_is_asked_for_again(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(calls("city", name="Paris", degrees="warm"), calls("city", name="Paris", degrees=21))
        result = await make_city_agent(server, key).run("How is Paris?")
        assert result.output == City(name="Paris", degrees=21)

    asyncio.run(talk())
    system, question, call, complaint = asked(peer)
    assert (system, question) == ("system: Be brief.", "user: How is Paris?")
    assert call == 'assistant calls city {"name": "Paris", "degrees": "warm"}'
    assert complaint.startswith("tool: ") and "valid integer" in complaint
    assert stored(server, key) == [question, call, complaint, PARIS[1]]


def test_a_conversation_that_began_elsewhere(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(calls("city", name="Paris", degrees=21), says("Bye."))
        first = await make_city_agent(server, f"{key}:elsewhere").run("How is Paris?")
        await make_agent(server, key).run("Thanks.", message_history=first.all_messages())

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *PARIS, "user: Thanks."]
    # The answer by tool has its result behind it, so all of that is one turn.
    assert given(server, key) == [False]
    assert stored(server, key) == [*PARIS, "user: Thanks.", "assistant: Bye."]


def test_its_retry(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(waits(2), says("Hello, Bob."))
        result = await make_agent(server, key, max_retries=20, timeout=1).run("I am Bob.")
        assert result.output == "Hello, Bob."

    asyncio.run(talk())
    assert len(peer.requests()) == 1
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]
