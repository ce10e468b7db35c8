"""LiteLLM's SDK. Its own retries are requests like any other: they count from 0."""

import litellm
import openai
import pytest

from conversation import asked, given, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says, waits

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(text: str) -> dict:
    return {"role": "user", "content": text}


def complete(server: Nanobot, key: str, *messages: dict, **options: object) -> litellm.ModelResponse:
    options = {"max_retries": 0, **options}
    return litellm.completion(
        "openai/nanobot", [*messages], api_base=server.url, api_key="none", extra_headers={"x-session-key": key}, **options
    )


def test_the_server_remembers(server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, Bob."), says("Bob."))
    complete(server, key, user("I am Bob."))
    assert complete(server, key, user("Who am I?")).choices[0].message.content == "Bob."
    conversation = ["user: I am Bob.", "assistant: Hello, Bob.", "user: Who am I?"]
    assert asked(peer) == conversation
    assert stored(server, key) == [*conversation, "assistant: Bob."]


def test_it_streams(server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, dear Bob."))
    chunks = list(complete(server, key, user("I am Bob."), stream=True))
    assert len([chunk for chunk in chunks if chunk.choices[0].delta.content]) > 1
    assert litellm.stream_chunk_builder(chunks).choices[0].message.content == "Hello, dear Bob."
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, dear Bob."]


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
def test_a_tool_loop(server: Nanobot, peer: Peer, key: str, streams: bool):
    def ask(*messages: dict) -> litellm.Message:
        response = complete(server, key, *messages, tools=[WEATHER], stream=streams)
        return (litellm.stream_chunk_builder(list(response)) if streams else response).choices[0].message

    peer.script(calls("weather", city="Paris"), says("Warm."))
    system = {"role": "system", "content": "Be brief."}
    message = ask(system, user("How is Paris?"))
    (call,) = message.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "name": "weather", "content": "21 degrees"}
    assert ask(system, user("How is Paris?"), message.model_dump(), result).content == "Warm."
    loop = ["user: How is Paris?", 'assistant calls weather {"city": "Paris"}', "tool: 21 degrees"]
    assert asked(peer) == ["system: Be brief.", *loop]
    assert stored(server, key) == [*loop, "assistant: Warm."]


def test_its_retry_of_a_turn_under_way(server: Nanobot, peer: Peer, key: str):
    peer.script(waits(1.5), says("Hello, Bob."))
    message = complete(server, key, user("I am Bob."), num_retries=3, timeout=1).choices[0].message
    assert message.content == "Hello, Bob."
    assert len(peer.requests()) == 1
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_its_routers_retry_of_a_turn_under_way(server: Nanobot, peer: Peer, key: str):
    options = {"api_base": server.url, "api_key": "none", "extra_headers": {"x-session-key": key}}
    router = litellm.Router([{"model_name": "nanobot", "litellm_params": {"model": "openai/nanobot", **options}}], num_retries=5, timeout=1)
    peer.script(waits(1.5), says("Hello, Bob."))
    assert router.completion("nanobot", [user("I am Bob.")]).choices[0].message.content == "Hello, Bob."
    assert len(peer.requests()) == 1
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_its_retry_of_a_failed_turn(plain_server: Nanobot, peer: Peer, key: str):
    peer.script({"type": "fail", "status": 503}, says("Hello, Bob."))
    assert complete(plain_server, key, user("I am Bob."), num_retries=2).choices[0].message.content == "Hello, Bob."
    assert len(peer.requests()) == 2
    assert stored(plain_server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_the_same_words_again_are_a_turn_of_their_own(server: Nanobot, peer: Peer, key: str):
    peer.script(says("one"), says("two"))
    answers = [complete(server, key, user("Go on.")).choices[0].message.content for _ in range(2)]
    assert answers == ["one", "two"]
    assert stored(server, key) == ["user: Go on.", "assistant: one", "user: Go on.", "assistant: two"]


def test_few_shot_examples_are_the_past_of_a_new_session(server: Nanobot, peer: Peer, key: str):
    examples = [user("2+2"), {"role": "assistant", "content": "4"}, user("3+3"), {"role": "assistant", "content": "6"}]
    past = ["user: 2+2", "assistant: 4", "user: 3+3", "assistant: 6"]
    system = {"role": "system", "content": "Calculate."}
    peer.script(says("8"), says("10"))
    complete(server, key, system, *examples, user("4+4"))
    assert asked(peer) == ["system: Calculate.", *past, "user: 4+4"]
    complete(server, key, system, *examples, user("5+5"))
    assert asked(peer) == ["system: Calculate.", *past, "user: 4+4", "assistant: 8", "user: 5+5"]
    assert given(server, key) == [True, False, False]
    assert stored(server, key) == [*past, "user: 4+4", "assistant: 8", "user: 5+5", "assistant: 10"]


def test_a_stream_that_breaks_off_is_an_exception_and_no_turn(server: Nanobot, peer: Peer, key: str):
    peer.script(breaks_off(), says("Hello, dear Bob."))
    with pytest.raises(openai.APIError):
        list(complete(server, key, user("I am Bob."), stream=True))
    assert stored(server, key) == []


def test_an_error_has_its_type(plain_server: Nanobot, peer: Peer, key: str):
    peer.script({"type": "fail", "status": 429, "retry_after": 7})
    with pytest.raises(openai.RateLimitError):
        complete(plain_server, key, user("I am Bob."), num_retries=0)
    assert stored(plain_server, key) == []
