"""What models' servers really answer and what clients really send, through nginx: the very bytes, and what becomes of them."""

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nanobot import Nanobot, frames, text_of
from upstream import DONE, USAGE, Upstream, answer, chunk, completion, stream, whole

Q = {"role": "user", "content": "What time is it?"}
T = {"role": "tool", "tool_call_id": "c1", "content": "RESULT"}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
W = {"role": "assistant", "content": None, "tool_calls": [CALL]}


@pytest.fixture(scope="module")
def running_upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def site(directory: Path, running_upstream: Upstream) -> Iterator[Nanobot]:
    settings = {"UPSTREAM_URL": running_upstream.url, "UPSTREAM_MODEL": "m", "UPSTREAM_RETRIES": "0", "UPSTREAM_TIMEOUT": "50"}
    with Nanobot(directory / "traffic", STREAM="true", UPSTREAM_PASS_UNKNOWN="true", **settings) as site:
        yield site


@pytest.fixture
def upstream(running_upstream: Upstream) -> Iterator[Upstream]:
    running_upstream.script()
    yield running_upstream
    assert running_upstream.pending == 0


def post(site: Nanobot, key: str, *messages: dict, headers: dict | None = None, **parameters: object) -> httpx.Response:
    body = {"messages": list(messages), **parameters}
    return httpx.post(f"{site.url}/chat/completions", json=body, headers={"x-session-key": key, **(headers or {})}, timeout=100)


def message_of(response: httpx.Response) -> dict:
    """The message of an answer, whole or put together from its stream."""
    assert response.status_code == 200, response.text
    if not response.headers["content-type"].startswith("text/event-stream"):
        return response.json()["choices"][0]["message"]
    message: dict = {"content": "", "tool_calls": {}}
    assert frames(response)[-1] == "[DONE]", response.text
    for frame in frames(response)[:-1]:
        for delta in (choice["delta"] for choice in frame["choices"]):
            for name, value in delta.items():
                if name == "tool_calls":
                    for call in value:
                        kept = message["tool_calls"].setdefault(call["index"], {"function": {"name": "", "arguments": ""}})
                        for part, text in call.get("function", {}).items():
                            kept["function"][part] += text
                        kept |= {name: value for name, value in call.items() if name != "function"}
                elif name != "role":
                    message[name] = message.get(name, "") + value if isinstance(value, str) else value
    message["tool_calls"] = [call for _, call in sorted(message["tool_calls"].items())]
    return message


def reason_of(response: httpx.Response) -> str:
    if not response.headers["content-type"].startswith("text/event-stream"):
        return response.json()["choices"][0]["finish_reason"]
    return next(choice["finish_reason"] for frame in frames(response)[:-1] for choice in frame["choices"] if choice["finish_reason"])


def reply(streams: bool, message: dict, finish_reason: str = "stop"):
    """A message of a model, in one piece."""
    if not streams:
        return whole(completion(message, finish_reason))
    delta = dict(message)
    if "tool_calls" in delta:
        delta["tool_calls"] = [{"index": index} | call for index, call in enumerate(delta["tool_calls"])]
    return stream(chunk(delta), chunk(finish_reason=finish_reason), {"choices": [], "usage": USAGE}, DONE)


both = pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])


# What is new in a request

@both
@pytest.mark.parametrize(
    "behind, seen",
    [
        ([{"role": "user", "content": "and be brief"}], ["and be brief"]),
        ([{"role": "system", "content": "S"}], []),
        ([{"role": "developer", "content": "D"}], []),
        ([{"role": "assistant", "content": "It"}], []),
    ],
    ids=["user", "system", "developer", "assistant"],
)
def test_results_reach_the_model_whatever_stands_behind_them(site: Nanobot, upstream: Upstream, key: str, streams: bool, behind: list, seen: list):
    upstream.script(reply(streams, {"tool_calls": [CALL]}, "tool_calls"))
    assert post(site, key, Q, stream=streams).status_code == 200
    assert post(site, key, Q, W, T, *behind, stream=streams).status_code == 200
    sent = [message for message in upstream.messages() if message["role"] not in ("system", "developer")]
    assert [message["content"] for message in sent] == ["What time is it?", None, "RESULT", *seen]
    assert len(site.turns(key)) == 2


def test_several_questions_and_names_are_one_turn(site: Nanobot, upstream: Upstream, key: str):
    post(site, key, {"role": "user", "content": "I am Zoe", "name": "Zoe"}, {"role": "user", "content": "Who am I?", "name": "Bob"})
    assert [(message["content"], message["name"]) for message in upstream.messages()] == [("I am Zoe", "Zoe"), ("Who am I?", "Bob")]
    post(site, key, Q)
    assert [message.get("name") for message in upstream.messages()] == ["Zoe", "Bob", None, None]


def test_a_conversation_that_began_elsewhere_goes_on(site: Nanobot, upstream: Upstream, key: str):
    post(site, key, {"role": "user", "content": "1"}, {"role": "assistant", "content": "one"}, {"role": "user", "content": "2"})
    post(site, key, {"role": "user", "content": "3"})
    assert [message["content"] for message in upstream.messages()] == ["1", "one", "2", "ok", "3"]


@pytest.mark.parametrize("mode", ["ephemeral", "readonly"])
def test_a_loop_works_where_nothing_is_stored(site: Nanobot, upstream: Upstream, key: str, mode: str):
    signed = W | {"tool_calls": [CALL | {"extra_content": {"google": {"thought_signature": "SIG"}}}]}
    assert post(site, key, Q, signed, T, headers={"x-session-mode": mode}).status_code == 200
    assert [message["role"] for message in upstream.messages()] == ["user", "assistant", "tool"]
    assert upstream.messages()[1]["tool_calls"][0]["extra_content"]["google"]["thought_signature"] == "SIG"
    assert site.turns(key) == []


@pytest.mark.parametrize(
    "old",
    [
        {"role": "user", "content": [{"type": "video_url", "video_url": {"url": "x"}}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]},
        {"role": "user", "content": []},
        {"role": "user", "content": None},
        {"role": "function", "name": "f", "content": "x"},
    ],
    ids=["video", "file", "empty", "null", "function"],
)
def test_what_is_old_is_not_looked_at(site: Nanobot, upstream: Upstream, key: str, old: dict):
    assert post(site, key, Q).status_code == 200
    assert post(site, key, old, {"role": "assistant", "content": "y"}, Q).status_code == 200
    assert post(site, key + ":new", old, {"role": "assistant", "content": "y"}, Q).status_code == 200


def test_half_a_character_in_what_is_old_is_not_looked_at(site: Nanobot, upstream: Upstream, key: str):
    body = rb'{"messages":[{"role":"user","content":"cut \ud83d"},{"role":"assistant","content":"y"},{"role":"user","content":"now"}]}'
    headers = {"x-session-key": key, "Content-Type": "application/json"}
    assert httpx.post(f"{site.url}/chat/completions", content=body, headers=headers, timeout=100).status_code == 200
    assert httpx.post(f"{site.url}/chat/completions", content=body.replace(b"now", rb"\udc00"), headers=headers, timeout=100).status_code == 400


# What the history must not lose, and must not send

@both
def test_what_a_model_says_beside_is_kept_and_goes_back(site: Nanobot, upstream: Upstream, key: str, streams: bool):
    signed = CALL | {"extra_content": {"google": {"thought_signature": "SIG"}}}
    upstream.script(reply(streams, {"reasoning_content": "hm", "tool_calls": [signed]}, "tool_calls"))
    message = message_of(post(site, key, Q, stream=streams))
    assert message["reasoning_content"] == "hm"
    assert message["tool_calls"][0]["extra_content"]["google"]["thought_signature"] == "SIG"
    assert post(site, key, T).status_code == 200
    sent = upstream.messages()[1]
    assert sent["reasoning_content"] == "hm" and sent["tool_calls"][0]["extra_content"]["google"]["thought_signature"] == "SIG"
    assert site.turns(key)[0]["messages"][1]["reasoning_content"] == "hm"
    # In the archive of a client there is no address of an upstream.
    export = httpx.get(f"{site.url}/session/export", headers={"x-session-key": key}).text
    assert "127.0.0.1" not in export


def test_extras_go_to_no_other_upstream(directory: Path, upstream: Upstream, key: str):
    other = Upstream()
    settings = {"UPSTREAM_URL": upstream.url, "UPSTREAM_MODEL": "m", "UPSTREAM_RETRIES": "0"}
    settings["UPSTREAM_FALLBACKS"] = json.dumps([{"url": other.url, "model": "n"}])
    with Nanobot(directory / "two", **settings) as site:
        upstream.script(whole(completion({"content": "x", "reasoning_content": "hm"})), whole(b"", 503))
        assert post(site, key, Q).json()["choices"][0]["message"]["reasoning_content"] == "hm"
        assert post(site, key, Q).status_code == 200
        assert upstream.messages()[1]["reasoning_content"] == "hm"
        assert other.messages()[1] == {"role": "assistant", "content": "x"}
    other.close()


@both
@pytest.mark.parametrize(
    "arguments, shown, sent",
    [
        ('{"city": "Par', '{"city": "Par', "{}"), ("", "{}", "{}"), (None, "{}", "{}"), ({"city": "Paris"}, '{"city":"Paris"}', '{"city":"Paris"}'),
        ("[1]", "[1]", "{}"), ('{"a":1}', '{"a":1}', '{"a":1}'),
    ],
    ids=["cut", "empty", "null", "object", "array", "well"],
)
def test_arguments(site: Nanobot, upstream: Upstream, key: str, streams: bool, arguments: object, shown: str, sent: str):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    upstream.script(reply(streams, {"tool_calls": [call]}, "length" if shown.startswith('{"city": ') else "tool_calls"))
    message = message_of(post(site, key, Q, stream=streams))
    assert message["tool_calls"][0]["function"] == {"name": "f", "arguments": shown}
    assert post(site, key, T).status_code == 200
    assert upstream.messages()[1]["tool_calls"][0]["function"] == {"name": "f", "arguments": sent}


@both
def test_a_call_without_a_name_is_not_kept(site: Nanobot, upstream: Upstream, key: str, streams: bool):
    upstream.script(reply(streams, {"content": "x", "tool_calls": [{"id": "c1", "type": "function", "function": {"arguments": "{}"}}]}, "tool_calls"))
    response = post(site, key, Q, stream=streams)
    assert reason_of(response) == "stop"
    assert post(site, key, Q).status_code == 200
    assert upstream.messages()[1] == {"role": "assistant", "content": "x"}


def test_instructions_are_one_message(directory: Path, upstream: Upstream, key: str):
    with Nanobot(directory / "system", UPSTREAM_URL=upstream.url, UPSTREAM_MODEL="m", MODEL_SYSTEM="A") as site:
        post(site, key, {"role": "system", "content": "B"}, Q, {"role": "developer", "content": "C"})
    assert [message["role"] for message in upstream.messages()] == ["system", "user"]
    assert upstream.messages()[0]["content"] == "A\n\nB\n\nC"


TOO_LONG = {"error": {"message": "This model's maximum context length is 8 tokens", "type": "invalid_request_error", "code": "context_length_exceeded", "param": "messages"}}


@both
def test_a_history_that_is_too_long_is_halved_once(site: Nanobot, upstream: Upstream, key: str, streams: bool):
    for number in range(4):
        assert post(site, key, {"role": "user", "content": str(number)}).status_code == 200
    upstream.script(whole(TOO_LONG, 400))
    response = post(site, key, Q, stream=streams)
    assert response.status_code == 200 and response.headers["x-history-left-out"] == "2"
    assert [message["content"] for message in upstream.messages()] == ["2", "ok", "3", "ok", "What time is it?"]
    upstream.script(whole(TOO_LONG, 400), whole(TOO_LONG, 400))
    response = post(site, key, Q, stream=streams)
    assert response.status_code == 400 and response.json()["error"]["code"] == "context_length_exceeded"
    assert response.json()["error"]["message"] == TOO_LONG["error"]["message"]
    assert len(site.turns(key)) == 5


# What upstreams stream

@pytest.mark.parametrize(
    "events, text",
    [
        ([b'data: {"choices":[{"delta":{"content":"world \\ud83d"}}]}\n\n', b'data: {"choices":[{"delta":{"content":"\\ude00 bye"}}]}\n\n'], "world 😀 bye"),
        ([b'data: {"choices":[{"delta":{"content":"a\tb"}}]}\n\n'], "a\tb"),
        ([b'data: {"choices":[{"delta":{"content":"a\xffb"}}]}\n\n'], "a\ufffdb"),
        (["data: : keepalive\n\n", "data:\n\n", "data: nonsense\n\n", chunk({"content": "x"})], "x"),
        (["\ufeff", chunk({"content": "x"})], "x"),
        ([b'data: {"choices":[{"delta":{"content":"a"}}]}\n', b'data: {"choices":[{"delta":{"content":"b"}}]}\n'], "ab"),
    ],
    ids=["emoji", "tab", "byte", "nonsense", "bom", "line-feed"],
)
@pytest.mark.parametrize("done", [DONE, "data:  [DONE]\n\n", "data: [DONE] \n\n", "data: [DONE]\n\ndata: {oops\n\n", ""], ids=["done", "space", "spaces", "behind", "none"])
def test_a_stream_is_understood(site: Nanobot, upstream: Upstream, key: str, events: list, text: str, done: str):
    upstream.script(stream(*events, chunk(finish_reason="stop"), done))
    response = post(site, key, Q, stream=True)
    assert text_of(frames(response)) == text and frames(response)[-1] == "[DONE]"
    assert site.turns(key)[0]["messages"][1]["content"] == text
    assert len(upstream.requests) == 1


def test_a_stream_without_a_finish_is_broken(site: Nanobot, upstream: Upstream, key: str):
    upstream.script(stream(chunk({"content": "x"})))
    response = post(site, key, Q, stream=True)
    assert "error" in frames(response)[-1] and site.turns(key) == []


@both
@pytest.mark.parametrize("end", [[DONE], [chunk(finish_reason="stop"), {"choices": [], "usage": USAGE}]], ids=["done", "usage"])
def test_the_end_of_the_protocol_is_the_end(site: Nanobot, upstream: Upstream, key: str, streams: bool, end: list):
    over = threading.Event()
    upstream.script(stream(chunk({"content": "x"}), *([chunk(finish_reason="stop")] if end == [DONE] else []), *end, stays=over))
    try:
        response = post(site, key, Q, stream=streams)
    finally:
        was_over = over.is_set()
        over.set()
    assert not was_over and message_of(response)["content"] == "x"


@pytest.mark.parametrize(
    "calls",
    [
        [{"id": "a", "function": {"name": "f", "arguments": "{}"}}, {"id": "a", "function": {"name": "g", "arguments": "{}"}}],
        [{"id": None, "index": 0, "function": {"name": "f", "arguments": "{}"}}, {"id": None, "index": 0, "function": {"name": "g", "arguments": "{}"}}],
    ],
    ids=["one-id", "no-ids"],
)
def test_calls_of_a_whole_answer_are_told_apart(site: Nanobot, upstream: Upstream, key: str, calls: list):
    upstream.script(whole(completion({"tool_calls": calls}, "tool_calls")))
    found = message_of(post(site, key, Q))["tool_calls"]
    assert [call["function"]["name"] for call in found] == ["f", "g"]
    assert len({call["id"] for call in found}) == 2


def test_pieces_of_a_call_come_together(site: Nanobot, upstream: Upstream, key: str):
    pieces = [
        {"index": 0, "id": "a", "function": {"name": "get_"}}, {"index": 0, "function": {"name": "time", "arguments": '{"a"'}},
        {"index": 0, "id": "b", "function": {"arguments": ":1}"}}, {"index": 1, "id": "a", "function": {"arguments": "{}"}}, {"index": 1, "function": {"name": "g"}},
    ]
    upstream.script(stream(*[chunk({"tool_calls": [piece]}) for piece in pieces], chunk(finish_reason="tool_calls"), DONE))
    found = message_of(post(site, key, Q, stream=True))["tool_calls"]
    stored = site.turns(key)[0]["messages"][1]["tool_calls"]
    assert [call["function"] for call in stored] == [{"name": "get_time", "arguments": '{"a":1}'}, {"name": "g", "arguments": "{}"}]
    assert [call["function"] for call in found] == [call["function"] for call in stored]
    assert len({call["id"] for call in stored}) == 2


def test_a_whole_answer_may_begin_with_a_bom(site: Nanobot, upstream: Upstream, key: str):
    upstream.script(whole(b"\xef\xbb\xbf" + json.dumps(completion({"content": "x"})).encode()))
    assert message_of(post(site, key, Q))["content"] == "x"


# What is an answer

@both
@pytest.mark.parametrize("reason", ["error", "network_error"])
def test_an_error_is_no_answer(site: Nanobot, upstream: Upstream, key: str, streams: bool, reason: str):
    failed = {"index": 0, "delta": {}, "message": {"role": "assistant", "content": ""}, "finish_reason": reason}
    body = {"choices": [failed | {"error": {"code": 502, "message": "Provider disconnected"}}]}
    upstream.script(stream(body, DONE) if streams else whole(body))
    assert post(site, key, Q, stream=streams).status_code == 502
    assert site.turns(key) == []


@both
@pytest.mark.parametrize(
    "message, reason",
    [
        ({"content": ""}, "length"), ({"content": ""}, "content_filter"), ({"content": "", "reasoning_content": "hm"}, "stop"),
        ({"content": "", "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}, "stop"),
        ({"content": None, "function_call": {"name": "f", "arguments": "{}"}}, "function_call"),
    ],
    ids=["length", "filter", "reasoning", "images", "function"],
)
def test_an_answer_without_text_is_given_as_it_is(site: Nanobot, upstream: Upstream, key: str, streams: bool, message: dict, reason: str):
    upstream.script(reply(streams, message, reason))
    response = post(site, key, Q, stream=streams)
    assert reason_of(response) == reason
    given = message_of(response)
    assert all(given[name] == value for name, value in message.items() if name != "content")
    assert len(upstream.requests) == 1
    # The next turn sends nothing that a server would refuse.
    assert post(site, key, Q).status_code == 200
    assert upstream.messages()[1].get("content") or upstream.messages()[1].get("function_call")


def test_nothing_is_asked_again_and_both_cost(site: Nanobot, upstream: Upstream, key: str):
    upstream.script(whole(completion({"content": ""})), whole(completion({"content": "x"})))
    assert post(site, key, Q).json()["usage"]["total_tokens"] == 14


@both
@pytest.mark.parametrize("reason, expected", [("tool_calls", "stop"), ("end_turn", "stop"), ("max_tokens", "length"), ("SAFETY", "content_filter"), ("whatever", "stop")])
def test_reasons_are_those_of_the_api(site: Nanobot, upstream: Upstream, key: str, streams: bool, reason: str, expected: str):
    upstream.script(reply(streams, {"content": "x"}, reason))
    assert reason_of(post(site, key, Q, stream=streams)) == expected


# What is passed on, and told

def test_parameters_are_passed_on(site: Nanobot, upstream: Upstream, key: str):
    known = {"prompt_cache_key": "k", "safety_identifier": "s", "prediction": {"type": "content", "content": "x"}, "modalities": ["text"]}
    unknown = {"top_k": 5, "chat_template_kwargs": {"enable_thinking": False}, "reasoning": {"effort": "low"}}
    assert post(site, key, Q, store=True, **known, **unknown).status_code == 200
    sent = upstream.requests[-1]
    assert {name: sent[name] for name in known | unknown} == known | unknown and "store" not in sent


def test_stream_options_are_left_out_for_who_refuses_them(directory: Path, upstream: Upstream, key: str):
    refusal = {"error": {"message": "Extra inputs are not permitted: stream_options", "type": "invalid_request_error", "code": None, "param": "stream_options"}}
    with Nanobot(directory / "options", UPSTREAM_URL=upstream.url, UPSTREAM_MODEL="m", STREAM="true") as site:
        upstream.script(whole(refusal, 400))
        assert text_of(frames(post(site, key, Q, stream=True))) == "ok"
        assert "stream_options" in upstream.requests[0] and "stream_options" not in upstream.requests[1]
        assert text_of(frames(post(site, key, Q, stream=True))) == "ok"
        assert len(upstream.requests) == 3 and "stream_options" not in upstream.requests[2]


def test_a_client_may_want_no_usage(site: Nanobot, upstream: Upstream, key: str):
    response = post(site, key, Q, stream=True, stream_options={"include_usage": False})
    assert upstream.requests[-1].get("stream_options", {}).get("include_usage") is not True
    assert not any(frame.get("usage") for frame in frames(response)[:-1])


@pytest.mark.parametrize(
    "body, words",
    [
        ({"detail": [{"loc": ["body", "temperature"], "msg": "too hot"}]}, "too hot"), ({"message": {"detail": "too hot"}}, "too hot"),
        ({"code": 20015, "msg": "too hot"}, "too hot"), ({"detail": "too hot"}, "too hot"), ({"error": "too hot"}, "too hot"),
    ],
)
def test_the_words_of_a_refusal_arrive(site: Nanobot, upstream: Upstream, key: str, body: dict, words: str):
    upstream.script(whole(body, 400))
    response = post(site, key, Q)
    assert response.status_code == 400 and words in response.json()["error"]["message"]


@pytest.mark.parametrize("status", [402, 408, 409, 415, 424, 451])
def test_statuses_keep_their_meaning(site: Nanobot, upstream: Upstream, key: str, status: int):
    upstream.script(whole({"error": {"message": "no", "code": "the_code"}}, status))
    response = post(site, key, Q)
    assert response.status_code == status and response.json()["error"]["code"] == "the_code"


def test_pictures_and_documents_arrive_in_the_plain_form(site: Nanobot, upstream: Upstream, key: str):
    parts = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,_-8"}}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA\r\nAA"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg"}},
    ]
    assert post(site, key, {"role": "user", "content": parts}).status_code == 200
    sent = upstream.messages()[0]["content"]
    assert [part["image_url"]["url"] for part in sent[:2]] == ["data:image/png;base64,/+8=", "data:image/png;base64,AAAA"]
    assert sent[2]["file"] == {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}


@pytest.mark.parametrize("encoding, status", [("gzip", 200), ("identity", 200), ("br", 415), ("deflate", 415)])
def test_a_body_may_be_gzip(site: Nanobot, upstream: Upstream, key: str, encoding: str, status: int):
    body = json.dumps({"messages": [Q]}).encode()
    headers = {"x-session-key": key, "Content-Type": "application/json", "Content-Encoding": encoding}
    data = gzip.compress(body) if encoding == "gzip" else body
    response = httpx.post(f"{site.url}/chat/completions", content=data, headers=headers, timeout=100)
    assert response.status_code == status
    assert status == 200 or response.json()["error"]["code"] == "unsupported_media_type"


# Front ends that own the history

def test_a_mirror_regenerates_and_edits(site: Nanobot, upstream: Upstream, key: str):
    def say(*texts: str) -> str:
        messages = [{"role": "user" if index % 2 == 0 else "assistant", "content": text} for index, text in enumerate(texts)]
        return message_of(post(site, key, *messages, headers={"x-session-mode": "mirror"}))["content"]

    upstream.script(*[answer(text) for text in ("1", "2", "3", "4")])
    say("one")
    say("one", "1", "two")
    # Asked again, and then asked otherwise.
    assert say("one", "1", "two") == "3"
    assert say("eins") == "4"
    assert [[message["content"] for message in turn["messages"]] for turn in site.turns(key)] == [["eins", "4"]]
    assert [message["content"] for message in upstream.messages()] == ["eins"]
