"""Microsoft's Agent Framework, whose chat client speaks the Responses API."""

import asyncio
from typing import Annotated

import openai
import pytest
from agent_framework import Agent, AgentResponse, tool
from agent_framework.exceptions import ChatClientException
from agent_framework.openai import OpenAIChatClient
from pydantic import BaseModel

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says


@tool(approval_mode="never_require")
def weather(city: Annotated[str, "Its name"]) -> str:
    """The weather in a city."""
    return f"21 degrees in {city}"


def make_agent(server: Nanobot, key: str | None = None, **options: object) -> Agent:
    client = OpenAIChatClient("nanobot", api_key="none", base_url=server.url, default_headers={"x-session-key": key} if key else {})
    return Agent(client, "Be brief.", tools=[weather], **options)


async def run(agent: Agent, text: str, streams: bool, **options: object) -> AgentResponse:
    if not streams:
        return await agent.run(text, **options)
    stream = agent.run(text, stream=True, **options)
    words = [update.text async for update in stream]
    response = await stream.get_final_response()
    # The words as they come, and then the whole text in their place.
    assert "".join(words) == response.text * 2
    return response


NAMES = ["user: I am Bob.", "assistant: Hello, Bob.", "user: With me is Amy.", "assistant: And Amy.", "user: Who are we?"]
LOOP = ["user: How is Paris?", 'assistant calls weather {"city": "Paris"}', "tool: 21 degrees in Paris", "assistant: Warm."]


async def say_names(agent: Agent, peer: Peer, streams: bool) -> None:
    session = agent.create_session()
    peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
    for text in ["I am Bob.", "With me is Amy.", "Who are we?"]:
        response = await run(agent, text, streams, session=session)
    assert response.text == "Bob and Amy."


def test_the_server_remembers(server: Nanobot, peer: Peer, streams: bool):
    asyncio.run(say_names(make_agent(server), peer, streams))
    assert asked(peer) == ["system: Be brief.", *NAMES]


def test_the_client_remembers(server: Nanobot, peer: Peer, key: str, streams: bool):
    asyncio.run(say_names(make_agent(server, key, default_options={"store": False}), peer, streams))
    assert asked(peer) == ["system: Be brief.", *NAMES]
    assert server.turns(key) == []


def test_a_named_session(server: Nanobot, peer: Peer, key: str, streams: bool):
    asyncio.run(say_names(make_agent(server, key), peer, streams))
    assert asked(peer) == ["system: Be brief.", *NAMES]
    assert stored(server, key) == [*NAMES, "assistant: Bob and Amy."]


def test_a_tool_loop(server: Nanobot, peer: Peer, key: str, streams: bool):
    async def talk() -> None:
        agent = make_agent(server, key)
        session = agent.create_session()
        peer.script(calls("weather", city="Paris"), says("Warm."), says("Bye."))
        assert (await run(agent, "How is Paris?", streams, session=session)).text == "Warm."
        assert (await run(agent, "Thanks.", streams, session=session)).text == "Bye."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks."]
    assert stored(server, key) == [*LOOP, "user: Thanks.", "assistant: Bye."]


def test_a_tool_loop_that_the_client_remembers(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> None:
        agent = make_agent(server, default_options={"store": False})
        session = agent.create_session()
        peer.script(calls("weather", calls("weather", city="Rome"), city="Paris"), says("Both warm."), says("Bye."))
        assert (await run(agent, "How are Paris and Rome?", streams, session=session)).text == "Both warm."
        assert (await run(agent, "Thanks.", streams, session=session)).text == "Bye."

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


def test_a_structured_answer(server: Nanobot, peer: Peer):
    class City(BaseModel):
        name: str
        degrees: int

    peer.script(says('{"name": "Paris", "degrees": 21}'))
    response = asyncio.run(make_agent(server).run("How is Paris?", options={"response_format": City}))
    assert response.value == City(name="Paris", degrees=21)
    assert peer.requests()[-1]["body"]["response_format"]["json_schema"]["schema"]["required"] == ["name", "degrees"]


def test_a_stream_that_breaks_off_is_an_exception_and_no_turn(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(breaks_off(), says("Hello, dear Bob."), says("Hello, Bob."))
        with pytest.raises(ChatClientException) as caught:
            await run(agent, "I am Bob.", True)
        assert "The model failed to answer" in str(caught.value)
        assert server.turns(key) == []
        assert (await run(agent, "I am Bob.", True)).text == "Hello, Bob."

    asyncio.run(talk())
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_an_unknown_response_is_an_exception(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> None:
        agent = make_agent(server)
        with pytest.raises(ChatClientException) as caught:
            await run(agent, "I am Bob.", streams, session=agent.get_session("resp_none"))
        assert isinstance(caught.value.__cause__, openai.BadRequestError)
        assert caught.value.__cause__.code == "previous_response_not_found"

    asyncio.run(talk())
    assert peer.requests() == []
