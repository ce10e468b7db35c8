"""AutoGen. A task may be several messages, and the model is told who says what."""

import asyncio

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import ModelClientStreamingChunkEvent, TextMessage
from autogen_core.models import ModelFamily
from autogen_ext.models.openai import OpenAIChatCompletionClient

from conversation import asked, given, stored
from nanobot import Nanobot
from peer import Peer, calls, says, waits


async def weather(city: str) -> str:
    """The weather in a city."""
    return f"21 degrees in {city}"


def make_agent(server: Nanobot, key: str, streams: bool = False, **options: object) -> AssistantAgent:
    info = {"vision": False, "function_calling": True, "json_output": True, "structured_output": True, "family": ModelFamily.UNKNOWN}
    client = OpenAIChatCompletionClient(
        model="nanobot", base_url=server.url, api_key="none", model_info=info, default_headers={"x-session-key": key},
        **{"max_retries": 0, **options},
    )
    return AssistantAgent(
        "ada", client, tools=[weather], system_message="Be brief.", reflect_on_tool_use=True, model_client_stream=streams
    )


TASK = [TextMessage(content=text, source="user") for text in ["I am Bob.", "How is Paris?"]]
LOOP = [
    "user: I am Bob.",
    "user: How is Paris?",
    'assistant calls weather {"city": "Paris"}',
    "tool: 21 degrees in Paris",
    "assistant: Warm.",
]


def test_a_task_of_two_messages_with_a_tool(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(calls("weather", city="Paris"), says("Warm."), says("Bob."))
        agent = make_agent(server, key)
        first = await agent.run(task=TASK)
        second = await agent.run(task="Who am I?")
        assert [result.messages[-1].content for result in (first, second)] == ["Warm.", "Bob."]

    asyncio.run(talk())
    assert asked(peer, 0) == ["system: Be brief.", *LOOP[:2]]
    assert asked(peer, 1) == ["system: Be brief.", *LOOP[:-1]]
    assert asked(peer, 2) == ["system: Be brief.", *LOOP, "user: Who am I?"]
    assert stored(server, key) == [*LOOP, "user: Who am I?", "assistant: Bob."]
    # Names are kept.
    assert [message.get("name") for message in peer.requests()[-1]["body"]["messages"] if message["role"] == "user"] == ["user"] * 3


def test_it_streams(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(calls("weather", city="Paris"), says("Warm and dry."))
        events = [event async for event in make_agent(server, key, streams=True).run_stream(task=TASK)]
        words = [event.content for event in events if isinstance(event, ModelClientStreamingChunkEvent)]
        assert "".join(words) == "Warm and dry." and len(words) > 1

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP[:-1]]
    assert stored(server, key) == [*LOOP[:-1], "assistant: Warm and dry."]


def test_a_conversation_that_began_elsewhere(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(calls("weather", city="Paris"), says("Warm."), says("Bob."))
        agent = make_agent(server, f"{key}:elsewhere")
        await agent.run(task=TASK)
        other = make_agent(server, key)
        await other.load_state(await agent.save_state())
        assert (await other.run(task="Who am I?")).messages[-1].content == "Bob."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP, "user: Who am I?"]
    assert given(server, key) == [True, False]
    assert stored(server, key) == [*LOOP, "user: Who am I?", "assistant: Bob."]


def test_its_retry(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(waits(2), says("Warm."))
        result = await make_agent(server, key, max_retries=20, timeout=1).run(task=TASK)
        assert result.messages[-1].content == "Warm."

    asyncio.run(talk())
    assert len(peer.requests()) == 1
    assert stored(server, key) == [*LOOP[:2], "assistant: Warm."]
