"""What the compliance tests of Open Responses ask for, at the level of the wire, and what streams consist of."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from nanobot import Nanobot
from upstream import DONE, USAGE, Reply, Upstream, answer, chunk, completion, stream, whole

PIXEL = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
PAGE = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4 and so on").decode()
WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
MEMBERS = """id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools
    tool_choice truncation parallel_tool_calls text top_p temperature presence_penalty frequency_penalty top_logprobs reasoning usage
    max_output_tokens max_tool_calls store background service_tier metadata safety_identifier prompt_cache_key""".split()


@pytest.fixture(scope="module")
def running_upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def site(directory: Path, running_upstream: Upstream) -> Iterator[Nanobot]:
    settings = {"UPSTREAM_URL": running_upstream.url, "UPSTREAM_MODEL": "m", "UPSTREAM_RETRIES": "0"}
    with Nanobot(directory / "responses", STREAM="true", **settings) as site:
        yield site


@pytest.fixture
def upstream(running_upstream: Upstream) -> Iterator[Upstream]:
    running_upstream.script()
    yield running_upstream
    assert running_upstream.pending == 0


def events(response: httpx.Response) -> list[dict]:
    """A stream's events, which have to be framed and numbered as clients expect, with `[DONE]` at the end."""
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/event-stream"), response.text
    *blocks, end, rest = response.text.split("\n\n")
    assert (end, rest) == ("data: [DONE]", "")
    events = []
    for block in blocks:
        name, data = re.fullmatch(r"event: ([a-z_.]+)\ndata: (.*)", block).groups()
        events.append(json.loads(data))
        assert events[-1]["type"] == name
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def respond(site: Nanobot, streams: bool, said: object, **parameters: object) -> dict:
    """The response, with all members that a response has. A stream's parts have to make up what its last event has."""
    body = {"model": "nanobot", "input": said, "stream": streams, **parameters}
    reply = httpx.post(f"{site.url}/responses", json=body, timeout=120)
    assert reply.status_code == 200, reply.text
    response = assembled(events(reply)) if streams else reply.json()
    assert set(MEMBERS) <= set(response)
    assert response["object"] == "response" and response["error"] is None
    assert all(item["id"] and item["status"] == response["status"] for item in response["output"])
    return response


def assembled(events: list[dict]) -> dict:
    """The response of a stream, after it was put together from the other events, as clients do."""
    first, second, *between, last = events
    assert (first["type"], second["type"]) == ("response.created", "response.in_progress")
    assert first["response"] == second["response"] and first["response"]["status"] == "in_progress"
    output: list[dict] = []
    done: set[str] = set()
    for event in between:
        kind = event["type"].removeprefix("response.")
        if kind == "output_item.added":
            # One item at a time.
            assert event["output_index"] == len(output) == len(done) and event["item"]["status"] == "in_progress"
            output.append(event["item"])
            continue
        item = output[event["output_index"]]
        if kind == "output_item.done":
            assert event["item"]["id"] == item["id"] and item["id"] not in done
            assert event["item"] == item | {"status": event["item"]["status"]}
            output[event["output_index"]] = event["item"]
            done.add(item["id"])
            continue
        assert event["item_id"] == item["id"] and item["id"] not in done
        if kind == "function_call_arguments.delta":
            item["arguments"] += event["delta"]
        elif kind == "function_call_arguments.done":
            assert (event["name"], event["arguments"]) == (item["name"], item["arguments"])
        elif kind == "content_part.added":
            assert event["content_index"] == len(item["content"])
            item["content"].append(event["part"])
        elif kind == "content_part.done":
            assert event["part"] == item["content"][event["content_index"]]
        else:
            part, name = item["content"][event["content_index"]], "refusal" if "refusal" in kind else "text"
            if kind.endswith(".delta"):
                part[name] += event["delta"]
            else:
                assert kind.endswith(".done") and event[name] == part[name]
    response = last["response"]
    assert last["type"] == f"response.{response['status']}"
    assert response["output"] == output and done == {item["id"] for item in output}
    assert first["response"]["id"] == response["id"]
    return response


def text(response: dict) -> str:
    (item,) = response["output"]
    (part,) = item["content"]
    assert (item["type"], item["role"], part["type"], part["annotations"]) == ("message", "assistant", "output_text", [])
    return part["text"]


def message(*content: dict) -> dict:
    return {"type": "message", "role": "user", "content": [*content]}


def call(streams: bool) -> Reply:
    """An answer of the upstream: a call, its arguments in two pieces."""
    head = {"index": 0, "id": "call_1", "type": "function"}
    if not streams:
        return whole(completion({"tool_calls": [head | {"function": {"name": "weather", "arguments": '{"city": "Paris"}'}}]}, "tool_calls"))
    pieces = [head | {"function": {"name": "weather", "arguments": '{"city"'}}, {"index": 0, "function": {"arguments": ': "Paris"}'}}]
    chunks = [chunk({"tool_calls": [piece]}) for piece in pieces]
    return stream(*chunks, chunk(finish_reason="tool_calls"), {"choices": [], "usage": USAGE}, DONE)


def said(streams: bool, finish_reason: str = "stop", **message: str) -> Reply:
    """An answer of the upstream: each member of its message in two pieces."""
    if not streams:
        return whole(completion(message, finish_reason))
    pieces = [{name: piece} for name, value in message.items() for piece in (value[:2], value[2:])]
    return stream(*map(chunk, pieces), chunk(finish_reason=finish_reason), {"choices": [], "usage": USAGE}, DONE)


def test_basic_text(site: Nanobot, upstream: Upstream):
    upstream.script(answer("Hello."))
    response = respond(site, False, "Hi")
    assert (response["status"], text(response)) == ("completed", "Hello.")
    assert response["usage"] == {
        "input_tokens": 5, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 7,
    }


def test_streaming(site: Nanobot, upstream: Upstream):
    upstream.script(said(True, content="Hello."))
    reply = httpx.post(f"{site.url}/responses", json={"model": "nanobot", "input": "Hi", "stream": True})
    assert [event["delta"] for event in events(reply) if event["type"] == "response.output_text.delta"] == ["He", "llo."]
    assert text(assembled(events(reply))) == "Hello."


def test_system_prompt(site: Nanobot, upstream: Upstream, streams: bool):
    prompt = {"type": "message", "role": "system", "content": "Talk like a pirate."}
    respond(site, streams, [prompt, message({"type": "input_text", "text": "Hi"})])
    assert upstream.messages() == [{"role": "system", "content": "Talk like a pirate."}, {"role": "user", "content": "Hi"}]


def test_tool_call(site: Nanobot, upstream: Upstream, streams: bool):
    upstream.script(call(streams))
    response = respond(site, streams, "How is Paris?", tools=[WEATHER])
    (item,) = response["output"]
    called = {"call_id": "call_1", "name": "weather", "arguments": '{"city": "Paris"}'}
    assert item == {"type": "function_call", "id": item["id"], "status": "completed", **called}
    assert response["tools"] == [WEATHER | {"strict": None}]


def test_function_call_round_trip(site: Nanobot, upstream: Upstream, streams: bool):
    items = [
        message({"type": "input_text", "text": "How is Paris?"}),
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Paris"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "21 degrees"},
    ]
    assert text(respond(site, streams, items, tools=[WEATHER])) == "ok"
    question, called, result = upstream.messages()
    assert question == {"role": "user", "content": "How is Paris?"}
    assert called["tool_calls"] == [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}]
    assert result == {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees"}


def test_image_input(site: Nanobot, upstream: Upstream, streams: bool):
    image = {"type": "input_image", "image_url": PIXEL, "detail": "low"}
    response = respond(site, streams, [message({"type": "input_text", "text": "What is it?"}, image)])
    assert upstream.messages() == [{"role": "user", "content": [
        {"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
    ]}]
    assert input_items(site, response)[0]["content"][1] == image
    respond(site, streams, "Sure?", previous_response_id=response["id"])
    assert upstream.messages()[0]["content"][1]["image_url"]["url"] == PIXEL


def test_file_input(site: Nanobot, upstream: Upstream, streams: bool):
    file = {"type": "input_file", "filename": "page.pdf", "file_data": PAGE}
    response = respond(site, streams, [message(file, {"type": "input_text", "text": "What is it?"})])
    assert upstream.messages() == [{"role": "user", "content": [
        {"type": "file", "file": {"filename": "page.pdf", "file_data": PAGE}}, {"type": "text", "text": "What is it?"},
    ]}]
    assert input_items(site, response)[0]["content"][0] == file


def test_multi_turn(site: Nanobot, upstream: Upstream, streams: bool):
    past = [{"role": "user", "content": "I am Bob."}, {"role": "assistant", "content": "Hello, Bob."}]
    spoken = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello, Bob."}]}
    respond(site, streams, [past[0], spoken, {"role": "user", "content": "Who am I?"}])
    assert upstream.messages() == [*past, {"role": "user", "content": "Who am I?"}]


def test_previous_response_id(site: Nanobot, upstream: Upstream, streams: bool):
    upstream.script(said(streams, content="Hello, Bob."))
    first = respond(site, streams, "I am Bob.")
    second = respond(site, streams, "Who am I?", previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]
    assert [message["content"] for message in upstream.messages()] == ["I am Bob.", "Hello, Bob.", "Who am I?"]


def test_an_answer_that_is_cut_is_incomplete(site: Nanobot, upstream: Upstream, streams: bool):
    upstream.script(said(streams, "length", content="Hello, B"))
    response = respond(site, streams, "Hi", max_output_tokens=16)
    assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert (response["max_output_tokens"], response["completed_at"], text(response)) == (16, None, "Hello, B")
    assert upstream.requests[-1]["max_completion_tokens"] == 16
    assert stored(site, response) == response


def test_a_filtered_answer_is_incomplete(site: Nanobot, upstream: Upstream, streams: bool):
    upstream.script(said(streams, "content_filter", content="Hello, B"))
    response = respond(site, streams, "Hi")
    assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})


def test_a_refusal(site: Nanobot, upstream: Upstream, streams: bool):
    upstream.script(said(streams, refusal="I will not."))
    response = respond(site, streams, "Do it.")
    assert response["output"][0]["content"] == [{"type": "refusal", "refusal": "I will not."}]
    assert response["status"] == "completed" and stored(site, response) == response


def test_reasoning(site: Nanobot, upstream: Upstream, streams: bool):
    upstream.script(said(streams, reasoning_content="Bob greets.", content="Hello, Bob."))
    response = respond(site, streams, "I am Bob.", reasoning={"effort": "low"})
    thought, spoken = response["output"]
    assert thought["type"] == "reasoning" and thought["content"] == [{"type": "reasoning_text", "text": "Bob greets."}]
    assert spoken["content"][0]["text"] == "Hello, Bob."
    assert response["reasoning"]["effort"] == upstream.requests[-1]["reasoning_effort"] == "low"
    assert stored(site, response) == response
    respond(site, streams, "Bye.", previous_response_id=response["id"])
    assert upstream.messages()[1] == {"role": "assistant", "content": "Hello, Bob.", "reasoning_content": "Bob greets."}


def test_a_stream_begins_once(site: Nanobot, upstream: Upstream):
    hidden = [chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]})] * 3
    upstream.script(stream(*hidden, chunk({"content": "Hello."}), chunk(finish_reason="stop"), {"choices": [], "usage": USAGE}, DONE))
    assert text(respond(site, True, "Hi")) == "Hello."


def test_a_refusal_before_words(site: Nanobot, upstream: Upstream):
    chunks = [chunk({"refusal": "No."}), chunk({"content": "Hello."}), chunk(finish_reason="stop"), {"choices": [], "usage": USAGE}]
    upstream.script(stream(*chunks, DONE))
    response = respond(site, True, "Hi")
    assert in_order(stored(site, response)) == in_order(response)


def test_a_call_before_words(site: Nanobot, upstream: Upstream):
    called = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    chunks = [chunk({"tool_calls": [called]}), chunk({"content": "I ask."}), chunk(finish_reason="tool_calls"), {"choices": [], "usage": USAGE}]
    upstream.script(stream(*chunks, DONE))
    response = respond(site, True, "Hi", tools=[WEATHER])
    assert in_order(stored(site, response)) == in_order(response)


@pytest.mark.parametrize("tools", [None, [], [{"type": "local_shell"}]])
def test_choices_among_no_tools_are_not_passed_on(site: Nanobot, upstream: Upstream, tools: list | None):
    respond(site, False, "Hi", tools=tools, tool_choice="auto", parallel_tool_calls=True)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(upstream.requests[-1])


def test_items_that_the_chain_has_are_not_said_twice(site: Nanobot, upstream: Upstream):
    upstream.script(call(False))
    first = respond(site, False, "How is Paris?", tools=[WEATHER])
    result = {"type": "function_call_output", "call_id": "call_1", "output": "21 degrees"}
    respond(site, False, [*first["output"], result], previous_response_id=first["id"], tools=[WEATHER])
    assert upstream.messages()[0] == {"role": "user", "content": "How is Paris?"}
    assert [message["role"] for message in upstream.messages()] == ["user", "assistant", "tool"]


def test_reasoning_before_a_call(site: Nanobot, upstream: Upstream):
    called = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    upstream.script(whole(completion({"reasoning_content": "Ask.", "tool_calls": [called]}, "tool_calls")))
    response = respond(site, False, "How is Paris?", tools=[WEATHER])
    assert [item["type"] for item in response["output"]] == ["reasoning", "function_call"]
    result = {"type": "function_call_output", "call_id": "call_1", "output": "21 degrees"}
    respond(site, False, [{"role": "user", "content": "How is Paris?"}, *response["output"], result], tools=[WEATHER])
    sent = upstream.messages()[1]
    assert (sent["reasoning_content"], sent["tool_calls"]) == ("Ask.", [called])


def in_order(response: dict) -> dict:
    """The response with its parts in one order: a stream has them as they came, and what is stored thoughts, words, calls."""
    output = [{**item, "content": sorted(item.get("content", []), key=str)} for item in response["output"]]
    return {**response, "output": sorted(output, key=str)}


def stored(site: Nanobot, response: dict) -> dict:
    return httpx.get(f"{site.url}/responses/{response['id']}").json()


def input_items(site: Nanobot, response: dict) -> list[dict]:
    return httpx.get(f"{site.url}/responses/{response['id']}/input_items").json()["data"]
