"""OpenAI's Agents SDK. It keeps the conversation and sends all of it each time."""

import asyncio

import pytest
from agents import Agent, Model, OpenAIChatCompletionsModel, Runner, function_tool
from openai import APIError, AsyncOpenAI

from conversation import asked, given, lines, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says, waits


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"21 degrees in {city}"


def make_model(server: Nanobot, key: str, **options: object) -> Model:
    client = AsyncOpenAI(base_url=server.url, api_key="none", default_headers={"x-session-key": key}, **{"max_retries": 0, **options})
    return OpenAIChatCompletionsModel("nanobot", client)


def make_agent(server: Nanobot, key: str, **options: object) -> Agent:
    return Agent("Ada", instructions="Be brief.", model=make_model(server, key, **options), tools=[weather])


CALL = calls("weather", city="Paris")
LOOP = [
    "user: How is Paris?",
    'assistant calls weather {"city": "Paris"}',
    "tool: 21 degrees in Paris",
    "assistant: Warm.",
]


def test_it_remembers(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(says("Hello, Bob."), says("Bob."))
        first = await Runner.run(agent, "I am Bob.")
        second = await Runner.run(agent, [*first.to_input_list(), {"role": "user", "content": "Who am I?"}])
        assert (first.final_output, second.final_output) == ("Hello, Bob.", "Bob.")

    asyncio.run(talk())
    conversation = ["user: I am Bob.", "assistant: Hello, Bob.", "user: Who am I?"]
    assert asked(peer) == ["system: Be brief.", *conversation]
    assert stored(server, key) == [*conversation, "assistant: Bob."]


def test_it_streams_a_tool_loop(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(CALL, says("Warm."))
        run = Runner.run_streamed(make_agent(server, key), "How is Paris?")
        deltas = [event.data.delta async for event in run.stream_events() if event.type == "raw_response_event"
                  and event.data.type == "response.output_text.delta"]
        assert "".join(deltas) == run.final_output == "Warm."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP[:-1]]
    assert stored(server, key) == LOOP


def test_a_tool_loop_in_a_conversation(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(CALL, says("Warm."), says("Bye."))
        first = await Runner.run(agent, "How is Paris?")
        second = await Runner.run(agent, [*first.to_input_list(), {"role": "user", "content": "Thanks."}])
        assert (first.final_output, second.final_output) == ("Warm.", "Bye.")

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks."]
    assert stored(server, key) == [*LOOP, "user: Thanks.", "assistant: Bye."]


def test_two_calls_at_once(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(calls("weather", calls("weather", city="Rome"), city="Paris"), says("Both warm."))
        assert (await Runner.run(make_agent(server, key), "How are Paris and Rome?")).final_output == "Both warm."

    asyncio.run(talk())
    loop = [
        "user: How are Paris and Rome?",
        'assistant calls weather {"city": "Paris"}',
        'assistant calls weather {"city": "Rome"}',
        "tool: 21 degrees in Paris",
        "tool: 21 degrees in Rome",
    ]
    assert asked(peer) == ["system: Be brief.", *loop]
    assert stored(server, key) == [*loop, "assistant: Both warm."]


def test_a_sub_agent_shares_the_session(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        model = make_model(server, key)
        french = Agent("French", instructions="Answer in French.", model=model)
        tool = french.as_tool("to_french", "Translates into French")
        agent = Agent("Ada", instructions="Be brief.", model=model, tools=[tool])
        peer.script(calls("to_french", input="Hello"), says("Bonjour"), says("It is Bonjour."))
        result = await Runner.run(agent, "What is Hello in French?")
        assert result.final_output == "It is Bonjour."

    asyncio.run(talk())
    assert asked(peer, 1)[0] == "system: Answer in French."
    assert asked(peer, 1)[-1] == "user: Hello"
    loop = ["user: What is Hello in French?", 'assistant calls to_french {"input": "Hello"}', "tool: Bonjour"]
    system, *conversation = asked(peer)
    assert system == "system: Be brief."
    assert conversation[-3:] == loop
    # It is not said twice, and what the other agent said is not lost.
    assert sorted(conversation) == sorted([*loop, "user: Hello", "assistant: Bonjour"])
    assert lines(server.turns(key)[-1]["messages"]) == [*loop, "assistant: It is Bonjour."]


def test_sub_agents_share_the_session_at_once(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        model = make_model(server, key)
        helper = Agent("Helper", instructions="Help.", model=model).as_tool("help", "Helps")
        agent = Agent("Ada", instructions="Be brief.", model=model, tools=[helper])
        peer.script(calls("help", calls("help", input="two"), input="one"), says("Done"), says("Done"), says("All done."))
        assert (await Runner.run(agent, "Do both.")).final_output == "All done."

    asyncio.run(talk())
    loop = ["user: Do both.", 'assistant calls help {"input": "one"}', 'assistant calls help {"input": "two"}', "tool: Done", "tool: Done"]
    system, *conversation = asked(peer)
    assert conversation[-5:] == loop
    # Which of them comes first is chance.
    assert sorted(conversation) == sorted([*loop, *["user: one", "assistant: Done"], *["user: two", "assistant: Done"]])
    assert lines(server.turns(key)[-1]["messages"]) == [*loop, "assistant: All done."]


def test_a_stream_that_breaks_off_is_an_exception_and_no_turn(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        agent = make_agent(server, key)
        peer.script(breaks_off(), says("Hello, dear Bob."), says("Hello, Bob."))
        with pytest.raises(APIError):
            async for _ in Runner.run_streamed(agent, "I am Bob.").stream_events():
                pass
        assert stored(server, key) == []
        assert (await Runner.run(agent, "I am Bob.")).final_output == "Hello, Bob."

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", "user: I am Bob."]
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_its_retry_in_a_tool_loop(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(CALL, waits(0), waits(2), says("Warm."))
        result = await Runner.run(make_agent(server, key, max_retries=20, timeout=1), "How is Paris?")
        assert result.final_output == "Warm."

    asyncio.run(talk())
    assert len(peer.requests()) == 2
    assert stored(server, key) == LOOP


def test_a_conversation_that_began_elsewhere(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(CALL, says("Warm."), says("Bye."))
        first = await Runner.run(make_agent(server, f"{key}:elsewhere"), "How is Paris?")
        await Runner.run(make_agent(server, key), [*first.to_input_list(), {"role": "user", "content": "Thanks."}])

    asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks."]
    assert given(server, key) == [True, False]
    assert stored(server, key) == [*LOOP, "user: Thanks.", "assistant: Bye."]
