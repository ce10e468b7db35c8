"""OpenAI's Agents SDK with the API that it uses unless it is told otherwise."""

import asyncio

import openai
import pytest
from agents import (
    Agent, ModelBehaviorError, ModelSettings, OpenAIProvider, OpenAIResponsesModel, RunConfig, Runner, RunResult, TResponseInputItem,
)
from openai import AsyncOpenAI
from pydantic import BaseModel

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says
from test_openai_agents import CALL, LOOP, weather


def make_client(server: Nanobot, key: str | None = None) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=server.url, api_key="none", default_headers={"x-session-key": key} if key else {}, max_retries=0)


def make_agent(server: Nanobot, key: str | None = None, **options: object) -> Agent:
    model = OpenAIResponsesModel("nanobot", make_client(server, key))
    return Agent("Ada", instructions="Be brief.", model=model, tools=[weather], **options)


async def run(agent: Agent, text: str | list[TResponseInputItem], streams: bool, **options: object) -> RunResult:
    if not streams:
        return await Runner.run(agent, text, **options)
    run = Runner.run_streamed(agent, text, **options)
    events = [event.data async for event in run.stream_events() if event.type == "raw_response_event"]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == run.final_output
    return run


NAMES = ["user: I am Bob.", "assistant: Hello, Bob.", "user: With me is Amy.", "assistant: And Amy.", "user: Who are we?"]


def test_it_is_the_default(server: Nanobot, peer: Peer, key: str):
    peer.script(CALL, says("Warm."))
    provider = RunConfig(model_provider=OpenAIProvider(openai_client=make_client(server, key)))
    result = asyncio.run(Runner.run(Agent("Ada", model="nanobot", tools=[weather]), "How is Paris?", run_config=provider))
    assert result.final_output == "Warm." and result.last_response_id.startswith("resp_")
    assert stored(server, key) == LOOP


def test_the_server_remembers(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> None:
        agent, last = make_agent(server), None
        peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
        for text in ["I am Bob.", "With me is Amy.", "Who are we?"]:
            result = await run(agent, text, streams, previous_response_id=last)
            last = result.last_response_id
        assert result.final_output == "Bob and Amy."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *NAMES]


def test_the_client_remembers(server: Nanobot, peer: Peer, key: str, streams: bool):
    async def talk() -> None:
        agent, said = make_agent(server, key), []
        peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
        for text in ["I am Bob.", "With me is Amy.", "Who are we?"]:
            result = await run(agent, [*said, {"role": "user", "content": text}], streams)
            said = result.to_input_list()
        assert result.final_output == "Bob and Amy."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *NAMES]
    assert stored(server, key) == [*NAMES, "assistant: Bob and Amy."]


def test_a_tool_loop(server: Nanobot, peer: Peer, key: str, streams: bool):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(CALL, says("Warm."), says("Bye."))
        first = await run(agent, "How is Paris?", streams)
        second = await run(agent, [*first.to_input_list(), {"role": "user", "content": "Thanks."}], streams)
        assert (first.final_output, second.final_output) == ("Warm.", "Bye.")

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks."]
    assert stored(server, key) == [*LOOP, "user: Thanks.", "assistant: Bye."]


def test_a_tool_loop_that_the_server_remembers(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> None:
        agent = make_agent(server)
        peer.script(calls("weather", calls("weather", city="Rome"), city="Paris"), says("Both warm."), says("Bye."))
        first = await run(agent, "How are Paris and Rome?", streams, auto_previous_response_id=True)
        second = await run(agent, "Thanks.", streams, previous_response_id=first.last_response_id)
        assert (first.final_output, second.final_output) == ("Both warm.", "Bye.")

    asyncio.run(talk())
    assert asked(peer) == [
        "system: Be brief.",
        "user: How are Paris and Rome?",
        'assistant calls weather {"city": "Paris"}',
        'assistant calls weather {"city": "Rome"}',
        "tool: 21 degrees in Paris",
        "tool: 21 degrees in Rome",
        "assistant: Both warm.",
        "user: Thanks.",
    ]


def test_nothing_is_stored_if_the_settings_say_so(server: Nanobot, peer: Peer, key: str, streams: bool):
    async def talk() -> None:
        peer.script(CALL, says("Warm."))
        agent = make_agent(server, key, model_settings=ModelSettings(store=False, include_usage=True))
        result = await run(agent, "How is Paris?", streams)
        assert result.final_output == "Warm."
        with pytest.raises(openai.NotFoundError):
            await make_client(server).responses.retrieve(result.last_response_id)

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP[:-1]]
    assert server.turns(key) == []


def test_a_structured_answer(server: Nanobot, peer: Peer):
    class City(BaseModel):
        name: str
        degrees: int

    peer.script(says('{"name": "Paris", "degrees": 21}'))
    agent = make_agent(server, output_type=City)
    assert asyncio.run(Runner.run(agent, "How is Paris?")).final_output == City(name="Paris", degrees=21)
    assert peer.requests()[-1]["body"]["response_format"]["json_schema"]["schema"]["required"] == ["name", "degrees"]


def test_a_handoff(server: Nanobot, peer: Peer, key: str, streams: bool):
    async def talk() -> None:
        french = Agent("French", instructions="Answer in French.", model=OpenAIResponsesModel("nanobot", make_client(server, key)))
        agent = make_agent(server, key, handoffs=[french])
        peer.script(calls("transfer_to_french"), says("Bonjour."))
        result = await run(agent, "Bonjour?", streams)
        assert (result.final_output, result.last_agent.name) == ("Bonjour.", "French")

    asyncio.run(talk())
    system, question, call, result = asked(peer)
    assert (system, question) == ("system: Answer in French.", "user: Bonjour?")
    assert call == "assistant calls transfer_to_french {}" and result.startswith("tool: ")


def test_a_stream_that_breaks_off_is_an_exception_and_no_turn(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(breaks_off(), says("Hello, dear Bob."), says("Hello, Bob."))
        with pytest.raises(ModelBehaviorError, match="The model failed to answer"):
            await run(agent, "I am Bob.", True)
        assert server.turns(key) == []
        assert (await run(agent, "I am Bob.", True)).final_output == "Hello, Bob."

    asyncio.run(talk())
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_an_unknown_response_is_an_exception(server: Nanobot, peer: Peer, streams: bool):
    with pytest.raises(openai.BadRequestError) as caught:
        asyncio.run(run(make_agent(server), "I am Bob.", streams, previous_response_id="resp_none"))
    assert caught.value.code == "previous_response_not_found"
    assert peer.requests() == []
