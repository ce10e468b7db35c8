"""What a model says beside the fields of OpenAI's API reaches the clients that know it, and comes back to that model."""

import asyncio
from collections.abc import Iterator

import litellm
import openai
import pytest
from agents import Runner
from pydantic_ai import ThinkingPart

import test_agent_framework
import test_openai_agents
import test_openai_agents_responses
import test_pydantic_ai
import test_pydantic_ai_responses
from conversation import lines
from nanobot import Nanobot
from test_litellm import WEATHER, complete, user
from thinker import Thinker


@pytest.fixture
def thinker() -> Iterator[Thinker]:
    thinker = Thinker()
    yield thinker
    thinker.end()
    assert thinker.answers == []


@pytest.fixture
def thinking_server(thinker: Thinker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nanobot]:
    # A short name: a Unix socket's path has at most 107 bytes.
    with Nanobot(tmp_path_factory.mktemp("t"), UPSTREAM_URL=thinker.url, UPSTREAM_MODEL="thinker", STREAM="true") as server:
        yield server


THOUGHT = {"role": "assistant", "reasoning_content": "Bob greets.", "content": "Hello, Bob."}
BYE = {"role": "assistant", "content": "Bye."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
SIGNED = {"role": "assistant", "content": None, "tool_calls": [CALL | {"extra_content": {"google": {"thought_signature": "abc"}}}]}


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
def test_litellm_shows_the_reasoning(thinking_server: Nanobot, thinker: Thinker, key: str, streams: bool):
    thinker.answers = [THOUGHT, BYE]
    response = complete(thinking_server, key, user("I am Bob."), stream=streams)
    message = (litellm.stream_chunk_builder(list(response)) if streams else response).choices[0].message
    assert (message.reasoning_content, message.content) == ("Bob greets.", "Hello, Bob.")
    complete(thinking_server, key, user("Bye."))
    assert thinker.requests[-1]["messages"][1] == THOUGHT
    assert thinking_server.turns(key)[0]["messages"][1]["reasoning_content"] == "Bob greets."


def test_pydantic_ai_shows_the_reasoning(thinking_server: Nanobot, thinker: Thinker, key: str):
    async def talk() -> None:
        thinker.answers = [THOUGHT, BYE]
        agent = test_pydantic_ai.make_agent(thinking_server, key)
        first = await agent.run("I am Bob.")
        thoughts = [part.content for part in first.new_messages()[-1].parts if isinstance(part, ThinkingPart)]
        assert (thoughts, first.output) == (["Bob greets."], "Hello, Bob.")
        await agent.run("Bye.", message_history=first.all_messages())

    asyncio.run(talk())
    system, question, answer, bye = thinker.requests[-1]["messages"]
    assert answer == THOUGHT


def test_openai_agents_show_the_reasoning_of_a_stream(thinking_server: Nanobot, thinker: Thinker, key: str):
    async def talk() -> None:
        thinker.answers = [THOUGHT]
        run = Runner.run_streamed(test_openai_agents.make_agent(thinking_server, key), "I am Bob.")
        events = [event async for event in run.stream_events()]
        (item,) = [event.item for event in events if event.type == "run_item_stream_event" and event.item.type == "reasoning_item"]
        assert item.raw_item.summary[0].text == "Bob greets." and run.final_output == "Hello, Bob."

    asyncio.run(talk())


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
def test_a_signed_call_comes_back(thinking_server: Nanobot, thinker: Thinker, key: str, streams: bool):
    thinker.answers = [SIGNED, BYE]
    client = openai.OpenAI(base_url=thinking_server.url, api_key="none", default_headers={"x-session-key": key}, max_retries=0)
    question = {"model": "nanobot", "tools": [WEATHER], "messages": [user("How is Paris?")]}
    if streams:
        with client.chat.completions.stream(**question) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**question).choices[0].message
    (call,) = message.tool_calls
    assert call.model_extra["extra_content"] == {"google": {"thought_signature": "abc"}}
    # A client that knows nothing of it sends the result only.
    result = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}
    client.chat.completions.create(model="nanobot", messages=[result], tools=[WEATHER])
    question, signed, result = thinker.requests[-1]["messages"]
    assert signed["tool_calls"] == SIGNED["tool_calls"]


# By the Responses API.
PONDERED = {"role": "assistant", "content": None, "reasoning_content": "Ask.", "tool_calls": [CALL]}


def asked(thinker: Thinker) -> list[str]:
    """What the model was asked after it called, with its thoughts."""
    system, *conversation = thinker.requests[-1]["messages"]
    return [conversation[1]["reasoning_content"], *lines(conversation)]


LOOP = ["Ask.", "user: How is Paris?", 'assistant calls weather {"city": "Paris"}', "tool: 21 degrees in Paris"]


def test_openai_agents_show_the_reasoning_of_a_response(thinking_server: Nanobot, thinker: Thinker, key: str, streams: bool):
    thinker.answers = [PONDERED, THOUGHT]
    agent = test_openai_agents_responses.make_agent(thinking_server, key)
    result = asyncio.run(test_openai_agents_responses.run(agent, "How is Paris?", streams))
    thoughts = [item.raw_item.content[0].text for item in result.new_items if item.type == "reasoning_item"]
    assert (thoughts, result.final_output) == (["Ask.", "Bob greets."], "Hello, Bob.")
    assert asked(thinker) == LOOP


def test_pydantic_ai_shows_the_reasoning_of_a_response(thinking_server: Nanobot, thinker: Thinker, streams: bool):
    thinker.answers = [PONDERED, THOUGHT]
    agent = test_pydantic_ai_responses.make_agent(thinking_server)
    answer, messages = asyncio.run(test_pydantic_ai_responses.run(agent, "How is Paris?", streams))
    thoughts = [part.provider_details["raw_content"] for message in messages for part in message.parts if isinstance(part, ThinkingPart)]
    assert (thoughts, answer) == ([["Ask."], ["Bob greets."]], "Hello, Bob.")
    assert asked(thinker) == LOOP


@pytest.mark.parametrize("store", [True, False])
def test_agent_framework_shows_the_reasoning_of_a_response(thinking_server: Nanobot, thinker: Thinker, streams: bool, store: bool):
    thinker.answers = [PONDERED, THOUGHT]
    agent = test_agent_framework.make_agent(thinking_server, default_options={"store": store})
    response = asyncio.run(test_agent_framework.run(agent, "How is Paris?", streams))
    contents = [content for message in response.messages for content in message.contents]
    assert [content.text for content in contents if content.type == "text_reasoning"] == ["Ask.", "Bob greets."]
    assert response.text == "Hello, Bob."
    assert asked(thinker) == LOOP
