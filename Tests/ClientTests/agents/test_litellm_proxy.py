"""OpenAI's client through LiteLLM's proxy. It passes on headers that begin with `x-`, but neither `Idempotency-Key` nor the client's count
of retries."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, calls, says, waits
from program import Program, eventually, free_port, is_listening
from test_litellm import WEATHER, user

KEY = "sk-of-the-proxy-of-a-test-0123456789abcdef"


@pytest.fixture(scope="module")
def proxy(directory: Path, server: Nanobot) -> Iterator[str]:
    """Its base URL."""
    home = directory / "proxy"
    home.mkdir()
    model = {"model_name": "nanobot", "litellm_params": {"model": "openai/nanobot", "api_base": server.url, "api_key": "none"}}
    settings = {"forward_client_headers_to_llm_api": True, "master_key": KEY}
    configuration = {"model_list": [model], "router_settings": {"num_retries": 0}, "general_settings": settings}
    # JSON is YAML.
    (home / "config.yaml").write_text(json.dumps(configuration))
    port = free_port()
    command = str(Path(sys.executable).with_name("litellm"))
    arguments = ["--config", str(home / "config.yaml"), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    program = Program([command, *arguments], home, os.environ | {"HOME": str(home)})
    program.wait_for_output("Proxy initialized")
    assert eventually(lambda: is_listening(port)), program.error
    yield f"http://127.0.0.1:{port}/v1"
    program.end()


@pytest.fixture
def client(proxy: str, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=proxy, api_key=KEY, default_headers={"x-session-key": key}, max_retries=0) as client:
        yield client


def say(client: openai.OpenAI, text: str, **options: object) -> str:
    return client.chat.completions.create(model="nanobot", messages=[user(text)], **options).choices[0].message.content


def test_the_server_remembers(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, Bob."), says("Bob."))
    assert [say(client, "I am Bob."), say(client, "Who am I?")] == ["Hello, Bob.", "Bob."]
    conversation = ["user: I am Bob.", "assistant: Hello, Bob.", "user: Who am I?"]
    assert asked(peer) == conversation
    assert stored(server, key) == [*conversation, "assistant: Bob."]


def test_it_streams(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, dear Bob."))
    with client.chat.completions.create(model="nanobot", messages=[user("I am Bob.")], stream=True) as stream:
        words = [chunk.choices[0].delta.content for chunk in stream if chunk.choices and chunk.choices[0].delta.content]
    assert "".join(words) == "Hello, dear Bob." and len(words) > 1
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, dear Bob."]


def test_a_tool_loop(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(calls("weather", city="Paris"), says("Warm."))
    question = user("How is Paris?")
    message = client.chat.completions.create(model="nanobot", messages=[question], tools=[WEATHER]).choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "21 degrees"}
    answer = client.chat.completions.create(model="nanobot", messages=[question, message, result], tools=[WEATHER])
    assert answer.choices[0].message.content == "Warm."
    loop = ["user: How is Paris?", 'assistant calls weather {"city": "Paris"}', "tool: 21 degrees"]
    assert asked(peer) == loop
    assert stored(server, key) == [*loop, "assistant: Warm."]


def test_a_retry_with_a_message_id(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(waits(2), says("Hello, Bob."))
    patient = client.with_options(max_retries=20, timeout=1)
    assert say(patient, "I am Bob.", extra_headers={"x-message-id": "1"}) == "Hello, Bob."
    assert len(peer.requests()) == 1
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_the_proxys_own_retry(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(waits(2), says("Hello, Bob."))
    assert say(client, "I am Bob.", extra_body={"num_retries": 5, "timeout": 1}) == "Hello, Bob."
    assert len(peer.requests()) == 1
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_the_same_words_again_are_a_turn_of_their_own(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(says("one"), says("two"))
    assert [say(client, "Go on."), say(client, "Go on.")] == ["one", "two"]
    assert stored(server, key) == ["user: Go on.", "assistant: one", "user: Go on.", "assistant: two"]
