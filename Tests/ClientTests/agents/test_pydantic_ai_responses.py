"""Pydantic AI with the Responses API."""

import asyncio

import pytest
from openai import AsyncOpenAI
from pydantic_ai import Agent, BinaryContent, ModelHTTPError, NativeOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says
from test_pydantic_ai import CALL, LOOP, PARIS, City


def make_agent(server: Nanobot, key: str | None = None, settings: dict | None = None, **options: object) -> Agent:
    headers = {"x-session-key": key} if key else {}
    client = AsyncOpenAI(base_url=server.url, api_key="none", default_headers=headers, max_retries=0)
    model = OpenAIResponsesModel("nanobot", provider=OpenAIProvider(openai_client=client))
    agent = Agent(model, instructions="Be brief.", model_settings=settings, **options)

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"21 degrees in {city}"

    return agent


async def run(agent: Agent, text: object, streams: bool, **options: object) -> tuple[object, list]:
    """The answer, and all messages."""
    if not streams:
        result = await agent.run(text, **options)
        return result.output, result.all_messages()
    async with agent.run_stream(text, **options) as result:
        answer = "".join([delta async for delta in result.stream_text(delta=True)])
        return answer, result.all_messages()


NAMES = ["user: I am Bob.", "assistant: Hello, Bob.", "user: With me is Amy.", "assistant: And Amy.", "user: Who are we?"]


async def say_names(agent: Agent, peer: Peer, streams: bool) -> None:
    peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
    messages = None
    for text in ["I am Bob.", "With me is Amy.", "Who are we?"]:
        answer, messages = await run(agent, text, streams, message_history=messages)
    assert answer == "Bob and Amy."


def test_the_client_remembers(server: Nanobot, peer: Peer, key: str, streams: bool):
    asyncio.run(say_names(make_agent(server, key), peer, streams))
    assert asked(peer) == ["system: Be brief.", *NAMES]
    assert stored(server, key) == [*NAMES, "assistant: Bob and Amy."]


def test_the_server_remembers(server: Nanobot, peer: Peer, streams: bool):
    asyncio.run(say_names(make_agent(server, settings={"openai_previous_response_id": "auto"}), peer, streams))
    assert asked(peer) == ["system: Be brief.", *NAMES]


def test_a_tool_loop(server: Nanobot, peer: Peer, key: str, streams: bool):
    peer.script(CALL, says("Warm."))
    assert asyncio.run(run(make_agent(server, key), "How is Paris?", streams))[0] == "Warm."
    assert asked(peer) == ["system: Be brief.", *LOOP[:-1]]
    assert stored(server, key) == LOOP


def test_a_tool_loop_that_the_server_remembers(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> None:
        peer.script(CALL, says("Warm."), says("Bye."))
        agent = make_agent(server, settings={"openai_previous_response_id": "auto"})
        answer, messages = await run(agent, "How is Paris?", streams)
        assert answer == "Warm."
        assert (await run(agent, "Thanks.", streams, message_history=messages))[0] == "Bye."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks."]


def test_an_answer_by_tool(server: Nanobot, peer: Peer, key: str):
    agent = make_agent(server, key, output_type=ToolOutput(City, name="city"))
    peer.script(calls("city", name="Paris", degrees=21))
    assert asyncio.run(agent.run("How is Paris?")).output == City(name="Paris", degrees=21)
    assert stored(server, key) == PARIS[:-1]


def test_an_answer_by_schema(server: Nanobot, peer: Peer, key: str):
    agent = make_agent(server, key, output_type=NativeOutput(City))
    peer.script(says('{"name": "Paris", "degrees": 21}'))
    assert asyncio.run(agent.run("How is Paris?")).output == City(name="Paris", degrees=21)
    sent = peer.requests()[-1]["body"]["response_format"]
    assert sent["type"] == "json_schema" and sent["json_schema"]["schema"]["required"] == ["name", "degrees"]


def test_a_picture(server: Nanobot, peer: Peer, key: str):
    peer.script(says("A dot."))
    picture = BinaryContent(b"\x89PNG\r\n\x1a\n and so on", media_type="image/png")
    assert asyncio.run(make_agent(server, key).run(["What is it?", picture])).output == "A dot."
    text, image = peer.requests()[-1]["body"]["messages"][-1]["content"]
    assert (text["text"], image["image_url"]["url"]) == ("What is it?", picture.data_uri)


def test_a_stream_that_breaks_off_is_an_exception_and_no_turn(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(breaks_off(), says("Hello, dear Bob."), says("Hello, Bob."))
        with pytest.raises(ModelHTTPError) as caught:
            await run(agent, "I am Bob.", True)
        assert caught.value.body == {"code": "server_error", "message": "The model failed to answer"}
        assert server.turns(key) == []
        assert (await run(agent, "I am Bob.", True))[0] == "Hello, Bob."

    asyncio.run(talk())
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_an_unknown_response_is_an_exception(server: Nanobot, peer: Peer, streams: bool):
    with pytest.raises(ModelHTTPError) as caught:
        asyncio.run(run(make_agent(server, settings={"openai_previous_response_id": "resp_none"}), "I am Bob.", streams))
    assert caught.value.status_code == 400 and caught.value.body["code"] == "previous_response_not_found"
    assert peer.requests() == []
