"""OpenAI's own client through nginx."""

import threading

import openai
import pytest
from pydantic import BaseModel

from nanobot import Nanobot
from peer import Peer

HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def make_client(server: Nanobot, key: str | None, **options: object) -> openai.OpenAI:
    headers = {"x-session-key": key} if key else {}
    return openai.OpenAI(base_url=server.url, api_key="none", default_headers=headers, **{"max_retries": 0, **options})


@pytest.fixture
def client(server: Nanobot, key: str) -> openai.OpenAI:
    return make_client(server, key)


def test_create(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    completion = client.chat.completions.create(model="nanobot", messages=HELLO)
    assert completion.id.startswith("chatcmpl-") and completion.model == "nanobot"
    choice = completion.choices[0]
    assert choice.message.role == "assistant" and choice.message.content == "Hello! You said: Hello"
    assert choice.finish_reason == "stop"
    (turn,) = server.turns(key)
    assert completion.usage.to_dict() == turn["usage"]
    assert turn["usage"]["total_tokens"] == turn["usage"]["prompt_tokens"] + turn["usage"]["completion_tokens"] > 0


def test_the_model_sees_what_was_said_before(client: openai.OpenAI, peer: Peer):
    client.chat.completions.create(model="nanobot", messages=HELLO)
    client.chat.completions.create(model="nanobot", messages=[{"role": "user", "content": "Again"}])
    contents = [message["content"] for message in peer.requests()[-1]["body"]["messages"]]
    assert contents == ["Hello", "Hello! You said: Hello", "Again"]


def test_stream(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    stream = client.chat.completions.create(
        model="nanobot", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "Hello! You said: Hello"
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-2].choices[0].finish_reason == "stop"
    (turn,) = server.turns(key)
    assert chunks[-1].choices == [] and chunks[-1].usage.to_dict() == turn["usage"]


def test_the_stream_helper_has_the_whole_message(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    with client.chat.completions.stream(model="nanobot", messages=HELLO) as stream:
        words = [event.delta for event in stream if event.type == "content.delta"]
    assert "".join(words) == stream.get_final_completion().choices[0].message.content == "Hello! You said: Hello"
    assert len(server.turns(key)) == 1


def test_a_stream_that_breaks_is_an_exception(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script({"type": "stream_fault", "kind": "truncate", "after_chunks": 3})
    words = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in client.chat.completions.create(model="nanobot", messages=HELLO, stream=True):
            words.append(chunk.choices[0].delta.content)
    assert caught.value.code == "upstream_error"
    assert "".join(words) == "Hello! You "
    assert server.turns(key) == []


def test_raw_response(client: openai.OpenAI, peer: Peer):
    raw = client.chat.completions.with_raw_response.create(model="nanobot", messages=HELLO)
    assert raw.headers["x-request-id"] == raw.request_id != ""
    assert raw.headers["content-type"] == "application/json"
    assert raw.parse().choices[0].message.content == "Hello! You said: Hello"


def test_models(client: openai.OpenAI):
    models = client.models.list()
    assert [model.id for model in models] == ["nanobot"]
    assert client.models.retrieve("nanobot") == models.data[0]
    assert models.data[0].owned_by == "nanobot"


def test_tools(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    question = [{"role": "user", "content": "What is the weather in Paris?"}]
    peer.script({"type": "reply", "tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]})
    choice = client.chat.completions.create(model="nanobot", messages=question, tools=[WEATHER]).choices[0]
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city": "Paris"}')
    result = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}
    answer = client.chat.completions.create(model="nanobot", messages=[*question, choice.message, result], tools=[WEATHER])
    assert answer.choices[0].finish_reason == "stop"
    roles = [[message["role"] for message in turn["messages"]] for turn in server.turns(key)]
    assert roles == [["user", "assistant"], ["tool", "assistant"]]


def test_structured_output(client: openai.OpenAI, peer: Peer):
    class Invoice(BaseModel):
        number: int
        customer: str

    message = client.chat.completions.parse(model="nanobot", messages=HELLO, response_format=Invoice).choices[0].message
    assert isinstance(message.parsed, Invoice)


def test_exceptions_have_their_types(server: Nanobot, plain_server: Nanobot, peer: Peer, key: str):
    def create(client: openai.OpenAI, **parameters: object) -> None:
        client.chat.completions.create(**{"model": "nanobot", "messages": HELLO, **parameters})

    client = make_client(plain_server, key)
    with pytest.raises(openai.BadRequestError) as caught:
        create(make_client(plain_server, None))
    assert caught.value.code == "missing_session_key" and "x-session-key" in caught.value.message
    with pytest.raises(openai.BadRequestError) as caught:
        create(client, temperature=3)
    assert (caught.value.code, caught.value.param) == ("invalid_value", "temperature")
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nobody")
    assert caught.value.code == "model_not_found"
    named = {"extra_headers": {"Idempotency-Key": "one"}}
    create(client, **named)
    with pytest.raises(openai.ConflictError) as caught:
        create(client, messages=[{"role": "user", "content": "Other"}], **named)
    assert caught.value.code == "idempotency_key_conflict"
    for status, kind, code in [
        (422, openai.UnprocessableEntityError, "invalid_value"),
        (429, openai.RateLimitError, "rate_limit_exceeded"),
        (500, openai.InternalServerError, "upstream_error"),
    ]:
        peer.script({"type": "fail", "status": status})
        with pytest.raises(kind) as caught:
            create(client)
        assert caught.value.code == code
        assert caught.value.request_id == caught.value.response.headers["x-request-id"]
    assert len(plain_server.turns(key)) == 1


def test_headers_from_the_environment(server: Nanobot, peer: Peer, key: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"x-session-key: {key}\nx-message-id: one")
    for _ in range(2):
        make_client(server, None).chat.completions.create(model="nanobot", messages=HELLO)
    assert len(server.turns(key)) == 1


def test_its_retry_of_a_failed_turn_is_stored_once(plain_server: Nanobot, peer: Peer, key: str):
    peer.script({"type": "fail", "status": 503})
    raw = make_client(plain_server, key, max_retries=2).chat.completions.with_raw_response.create(model="nanobot", messages=HELLO)
    assert raw.retries_taken == 1
    assert [request["status"] for request in peer.requests()] == [503, 200]
    assert len(plain_server.turns(key)) == 1


def test_its_retry_of_a_turn_under_way_gets_that_turn(server: Nanobot, peer: Peer, key: str):
    peer.script({"type": "delay", "seconds": 2})
    client = make_client(server, key, max_retries=20, timeout=1)
    raw = client.chat.completions.with_raw_response.create(model="nanobot", messages=HELLO)
    assert raw.retries_taken > 0 and raw.headers["idempotency-replayed"] == "true"
    (turn,) = server.turns(key)
    assert raw.parse().choices[0].message.content == turn["messages"][-1]["content"]
    assert len(peer.requests()) == 1


def test_threads_share_a_client(server: Nanobot, peer: Peer, key: str):
    client = make_client(server, None)
    keys = [f"{key}:{number}" for number in range(20)]

    def talk(key: str) -> None:
        for text in ["one", "two", "three"]:
            message = {"role": "user", "content": text}
            client.chat.completions.create(model="nanobot", messages=[message], extra_headers={"x-session-key": key})

    threads = [threading.Thread(target=talk, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key in keys:
        assert [turn["messages"][0]["content"] for turn in server.turns(key)] == ["one", "two", "three"]
