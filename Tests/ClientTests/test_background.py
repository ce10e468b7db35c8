"""Responses in the background with OpenAI's own client, through nginx."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent

from conversation import lines
from nanobot import Nanobot
from program import eventually
from test_openai import make_client
from test_responses import WEATHER, respond, result
from upstream import DONE, USAGE, Reply, Upstream, answer, chunk, whole

RUNNING = ("queued", "in_progress")


class Gate:
    """Holds an upstream's answers until it is opened."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream, self._opened = upstream, threading.Event()
        self.closed_early = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def before(self, text: str) -> Reply:
        """An answer that is held as a whole."""

        def reply(handler: BaseHTTPRequestHandler) -> None:
            streams = self._upstream.requests[-1].get("stream", False)
            self._opened.wait(60)
            answer(text, streams)(handler)

        return reply

    def within(self, *words: str) -> Reply:
        """A stream that is held behind its first word."""

        def reply(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.send_header("Connection", "close")
            handler.end_headers()
            frames = [chunk({"content": word}) for word in words] + [chunk(finish_reason="stop"), {"choices": [], "usage": USAGE}]
            try:
                for number, frame in enumerate(frames):
                    handler.wfile.write(b"data: %s\n\n" % json.dumps(frame).encode())
                    handler.wfile.flush()
                    # Whoever asked may hang up meanwhile.
                    while number == 0 and not self._opened.wait(0.05):
                        handler.wfile.write(b": still here\n\n")
                        handler.wfile.flush()
                handler.wfile.write(DONE.encode())
            except OSError:
                self.closed_early.set()
            handler.close_connection = True

        return reply


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def gate(upstream: Upstream) -> Iterator[Gate]:
    gate = Gate(upstream)
    yield gate
    # What a test that failed left waiting.
    gate.open()


def settings(upstream: Upstream) -> dict[str, str]:
    return {"UPSTREAM_URL": upstream.url, "UPSTREAM_MODEL": "m", "UPSTREAM_RETRIES": "0", "STREAM": "true"}


@pytest.fixture
def server(tmp_path: Path, upstream: Upstream) -> Iterator[Nanobot]:
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        yield server


@pytest.fixture
def client(server: Nanobot) -> openai.OpenAI:
    return make_client(server, None)


def start(client: openai.OpenAI, said: str | list, **parameters: object) -> Response:
    response = client.responses.create(model="nanobot", input=said, background=True, **parameters)
    assert response.background is True
    return response


def ended(client: openai.OpenAI, id: str) -> Response:
    """The response when it has ended."""
    seen: list[Response] = []

    def has_ended() -> bool:
        seen.append(client.responses.retrieve(id))
        return seen[-1].status not in RUNNING

    assert eventually(has_ended, within=60), seen[-1]
    return seen[-1]


def asked(upstream: Upstream, number: int = -1) -> list[str]:
    return lines(upstream.messages(number))


def events_of(server: Nanobot, id: str) -> list[dict]:
    """A stream of a response, also where it ends with an error, which the client makes an exception."""
    reply = httpx.get(f"{server.url}/responses/{id}?stream=true", timeout=60)
    return [frame for frame in map(json.loads, (text[6:] for text in reply.text.split("\n") if text.startswith("data: {")))]


def text_of(events: list[ResponseStreamEvent]) -> str:
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def expect(response: httpx.Response, status: int, code: str, param: str | None) -> None:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert (error["code"], error["param"]) == (code, param), error


def expect_nothing(client: openai.OpenAI, id: str) -> None:
    for call in (
        client.responses.retrieve, client.responses.cancel, client.responses.delete, client.responses.input_items.list,
        lambda id: list(client.responses.retrieve(id, stream=True)),
    ):
        with pytest.raises(openai.NotFoundError):
            call(id)


def responders() -> set[int]:
    """The processes that answer for servers which this process started."""
    parents, commands = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(path.name)] = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
    mine = {pid for pid, parent in parents.items() if parent == os.getpid()}
    return {pid for pid, parent in parents.items() if parent in mine and b"fastcgi" in commands[pid]}


def kill_responder(before: set[int]) -> None:
    """Kills what was started since, and waits for what takes its place."""
    killed = responders() - before
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: bool(responders() - before - killed))


def test_it_answers_at_once(client: openai.OpenAI, upstream: Upstream, gate: Gate):
    upstream.script(gate.before("Hello, Bob."))
    response = start(client, "I am Bob.", metadata={"topic": "names"}, instructions="Be brief.")
    assert response.status in RUNNING and response.output == [] and response.usage is None and response.completed_at is None
    assert (response.store, response.metadata, response.instructions, response.error) == (True, {"topic": "names"}, "Be brief.", None)
    assert eventually(lambda: client.responses.retrieve(response.id).status == "in_progress")
    running = client.responses.retrieve(response.id)
    assert running.to_dict() | {"status": response.status} == response.to_dict()
    gate.open()
    last = ended(client, response.id)
    assert (last.status, last.output_text, last.background, last.error) == ("completed", "Hello, Bob.", True, None)
    assert (last.id, last.created_at, last.metadata) == (response.id, response.created_at, {"topic": "names"})
    assert last.completed_at >= last.created_at and last.usage.total_tokens == 7
    assert client.responses.retrieve(response.id) == last
    assert asked(upstream) == ["system: Be brief.", "user: I am Bob."]
    (item,) = client.responses.input_items.list(response.id)
    assert item.content[0].text == "I am Bob."


def test_what_follows(client: openai.OpenAI, upstream: Upstream):
    upstream.script(answer("Hello, Bob."), answer("You are Bob."), answer("Bye."))
    first = ended(client, start(client, "I am Bob.").id)
    second = ended(client, start(client, "Who am I?", previous_response_id=first.id).id)
    assert (second.output_text, second.previous_response_id) == ("You are Bob.", first.id)
    third = respond(client, "Bye.", previous_response_id=second.id)
    assert third.background is False
    assert asked(upstream) == ["user: I am Bob.", "assistant: Hello, Bob.", "user: Who am I?", "assistant: You are Bob.", "user: Bye."]


def test_in_a_conversation(client: openai.OpenAI, server: Nanobot, upstream: Upstream, gate: Gate):
    conversation = client.conversations.create()
    upstream.script(gate.before("one"), answer("two"))
    first = start(client, "1", conversation=conversation.id)
    # The next turn waits for it.
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(respond, client, "2", conversation=conversation.id)
        assert eventually(lambda: len(upstream.requests) == 1)
        gate.open()
        assert second.result().output_text == "two"
    assert asked(upstream) == ["user: 1", "assistant: one", "user: 2"]
    assert ended(client, first.id).conversation.id == conversation.id
    items = client.conversations.items.list(conversation.id, order="asc")
    assert [item.content[0].text for item in items] == ["1", "one", "2", "two"]


def test_in_a_named_session(server: Nanobot, upstream: Upstream, key: str):
    client = make_client(server, key)
    upstream.script(answer("one"), answer("two"))
    ended(client, start(client, "1").id)
    respond(client, "2")
    assert asked(upstream) == ["user: 1", "assistant: one", "user: 2"]
    assert len(server.turns(key)) == 2


def test_a_tool_loop(client: openai.OpenAI, upstream: Upstream):
    called = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [{key: called[key] for key in ("id", "type", "function")}]}

    def call(handler: BaseHTTPRequestHandler) -> None:
        if upstream.requests[-1].get("stream"):
            data = [chunk({"tool_calls": [called]}), chunk(finish_reason="tool_calls"), {"choices": [], "usage": USAGE}]
            body = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in data) + DONE.encode()
            return whole(body, content_type="text/event-stream")(handler)
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        whole({"id": "x", "object": "chat.completion", "usage": USAGE, "choices": [choice]})(handler)

    upstream.script(call, answer("Warm."))
    first = ended(client, start(client, "How is Paris?", tools=[WEATHER]).id)
    (item,) = first.output
    assert (item.type, item.name, item.status) == ("function_call", "get_weather", "completed")
    second = ended(client, start(client, [result(item)], previous_response_id=first.id, tools=[WEATHER]).id)
    assert second.output_text == "Warm."
    assert asked(upstream) == ["user: How is Paris?", 'assistant calls get_weather {"city": "Paris"}', "tool: 21 degrees"]


def test_cancel(client: openai.OpenAI, server: Nanobot, upstream: Upstream, gate: Gate, key: str):
    upstream.script(gate.within("Hello, ", "Bob."), answer("two"))
    response = start(client, "I am Bob.", conversation=key)
    assert eventually(lambda: len(upstream.requests) == 1)
    cancelled = client.responses.cancel(response.id)
    assert (cancelled.id, cancelled.status, cancelled.background, cancelled.error) == (response.id, "cancelled", True, None)
    # Who answered is left alone.
    assert gate.closed_early.wait(60) or not upstream.requests[-1].get("stream")
    for again in (client.responses.cancel(response.id), client.responses.retrieve(response.id)):
        assert again == cancelled
    gate.open()
    assert respond(client, "2", conversation=key).output_text == "two"
    assert asked(upstream) == ["user: 2"]
    assert len(server.turns(key)) == 1
    assert client.responses.retrieve(response.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError) as caught:
        respond(client, "3", previous_response_id=response.id)
    assert caught.value.code == "previous_response_not_found"
    client.responses.delete(response.id)
    expect_nothing(client, response.id)


def test_cancel_what_waits_for_its_turn(client: openai.OpenAI, upstream: Upstream, gate: Gate, key: str):
    upstream.script(gate.before("one"), answer("three"))
    first = start(client, "1", conversation=key)
    assert eventually(lambda: len(upstream.requests) == 1)
    second = start(client, "2", conversation=key)
    assert client.responses.cancel(second.id).status == "cancelled"
    gate.open()
    assert ended(client, first.id).output_text == "one"
    assert respond(client, "3", conversation=key).output_text == "three"
    assert asked(upstream) == ["user: 1", "assistant: one", "user: 3"]
    assert client.responses.retrieve(second.id).status == "cancelled"


def test_cancel_what_has_ended(client: openai.OpenAI, server: Nanobot, upstream: Upstream):
    upstream.script(answer("one"), answer("two"))
    response = ended(client, start(client, "1").id)
    assert client.responses.cancel(response.id) == response
    # One that was never in the background.
    other = respond(client, "2")
    expect(httpx.post(f"{server.url}/responses/{other.id}/cancel"), 400, "unsupported_value", None)
    assert client.responses.retrieve(other.id) == other


def test_many_cancel_at_once(client: openai.OpenAI, upstream: Upstream, gate: Gate):
    upstream.script(*[gate.before("never")] * 6)
    ids = [start(client, str(number)).id for number in range(6)]
    with ThreadPoolExecutor(8) as pool:
        assert {response.status for response in pool.map(client.responses.cancel, ids * 4)} == {"cancelled"}
    gate.open()
    assert {client.responses.retrieve(id).status for id in ids} == {"cancelled"}


def test_delete_what_runs(client: openai.OpenAI, server: Nanobot, upstream: Upstream, gate: Gate, key: str):
    upstream.script(gate.before("one"), answer("two"))
    response = start(client, "1", conversation=key)
    assert eventually(lambda: len(upstream.requests) == 1)
    client.responses.delete(response.id)
    expect_nothing(client, response.id)
    gate.open()
    assert respond(client, "2", conversation=key).output_text == "two"
    assert asked(upstream) == ["user: 2"]
    assert len(server.turns(key)) == 1
    expect_nothing(client, response.id)


def test_delete_what_has_ended(client: openai.OpenAI, upstream: Upstream):
    upstream.script(answer("one"), whole({"error": {"message": "no"}}, 500))
    for status in ("completed", "failed"):
        response = ended(client, start(client, "1").id)
        assert response.status == status
        client.responses.delete(response.id)
        expect_nothing(client, response.id)


def test_a_stream(client: openai.OpenAI, upstream: Upstream):
    upstream.script(answer("Hello, Bob.", streams=True))
    events = list(client.responses.create(model="nanobot", input="I am Bob.", background=True, stream=True))
    types = [event.type for event in events]
    assert types[:3] == ["response.created", "response.queued", "response.in_progress"] and types[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.response.status for event in events[:3]] == ["queued", "queued", "in_progress"]
    assert text_of(events) == events[-1].response.output_text == "Hello, Bob."
    assert all(event.response.background for event in (*events[:3], events[-1]))
    id = events[0].response.id
    assert client.responses.retrieve(id) == events[-1].response
    # All of it again, and each part of it.
    for after in (None, 0, 2, len(events) - 2, len(events) - 1, 10_000):
        again = list(client.responses.retrieve(id, stream=True, **({} if after is None else {"starting_after": after})))
        assert again == events[(-1 if after is None else after) + 1 :]


def test_a_stream_whose_client_leaves(client: openai.OpenAI, upstream: Upstream, gate: Gate):
    upstream.script(gate.within("Hello, ", "dear ", "Bob."))
    seen: list[ResponseStreamEvent] = []
    with client.responses.create(model="nanobot", input="I am Bob.", background=True, stream=True) as stream:
        for event in stream:
            seen.append(event)
            if event.type == "response.output_text.delta":
                break
    assert text_of(seen) == "Hello, "
    id = seen[0].response.id
    assert client.responses.retrieve(id).status == "in_progress"
    # Two come back: one from where it left, and one from the start.
    with ThreadPoolExecutor(2) as pool:
        rest = pool.submit(lambda: list(client.responses.retrieve(id, stream=True, starting_after=seen[-1].sequence_number)))
        everything = pool.submit(lambda: list(client.responses.retrieve(id, stream=True)))
        gate.open()
        assert [*seen, *rest.result(60)] == everything.result(60)
    assert text_of(everything.result()) == "Hello, dear Bob."
    assert everything.result()[-1].type == "response.completed"
    assert ended(client, id) == everything.result()[-1].response
    assert len(upstream.requests) == 1


def test_events_come_as_they_are_made(client: openai.OpenAI, upstream: Upstream, gate: Gate):
    upstream.script(gate.within("Hello, ", "Bob."))
    response = start(client, "I am Bob.")
    deltas = []
    for event in client.responses.retrieve(response.id, stream=True):
        if event.type == "response.output_text.delta":
            deltas.append(event.delta)
            # It would not come if the first one had been held.
            gate.open()
    assert "".join(deltas) == "Hello, Bob."
    assert event.type == "response.completed"


def test_a_stream_of_what_is_cancelled_ends(client: openai.OpenAI, upstream: Upstream, gate: Gate):
    upstream.script(gate.within("Hello, ", "Bob."))
    response = start(client, "I am Bob.")
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(lambda: list(client.responses.retrieve(response.id, stream=True)))
        assert eventually(lambda: len(upstream.requests) == 1)
        client.responses.cancel(response.id)
        events = stream.result(60)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert not any(event.type == "response.completed" for event in events)
    again = list(client.responses.retrieve(response.id, stream=True))
    assert again == events


def test_streams_that_are_refused(client: openai.OpenAI, server: Nanobot, upstream: Upstream):
    plain = respond(client, "1")
    path = f"{server.url}/responses/{plain.id}"
    expect(httpx.get(f"{path}?stream=true"), 400, "unsupported_value", "stream")
    response = ended(client, start(client, "2").id)
    for wrong in ("-1", "a", "1.5", "99999999999999999999999"):
        found = httpx.get(f"{server.url}/responses/{response.id}?stream=true&starting_after={wrong}")
        expect(found, 400, "invalid_value", "starting_after")
    assert httpx.get(f"{server.url}/responses/{response.id}?stream=false").json() == response.to_dict()


def test_a_streams_wire(client: openai.OpenAI, server: Nanobot, upstream: Upstream):
    response = ended(client, start(client, "1").id)
    reply = httpx.get(f"{server.url}/responses/{response.id}?stream=true")
    assert reply.headers["content-type"].startswith("text/event-stream") and "no-store" in reply.headers["cache-control"]
    *blocks, end, rest = reply.text.split("\n\n")
    assert (end, rest) == ("data: [DONE]", "")
    for number, block in enumerate(blocks):
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert (name, event["sequence_number"]) == (f"event: {event['type']}", number)
    assert httpx.get(f"{server.url}/responses/{response.id}?stream=true&starting_after={len(blocks) - 1}").text == "data: [DONE]\n\n"


def test_what_is_refused(client: openai.OpenAI, server: Nanobot, upstream: Upstream):
    body = {"model": "nanobot", "input": "1", "background": True}
    for streams in (False, True):
        refused = httpx.post(f"{server.url}/responses", json=body | {"store": False, "stream": streams})
        assert refused.status_code == 400 and refused.json()["error"]["param"] == "background", refused.text
    for mode in ("readonly", "ephemeral"):
        assert httpx.post(f"{server.url}/responses", json=body, headers={"x-session-mode": mode}).status_code == 400
    expect(httpx.post(f"{server.url}/responses", json=body | {"background": "yes"}), 400, "invalid_value", "background")
    # What is wrong is said at once.
    for wrong, status in (({"temperature": 3}, 400), ({"conversation": "conv_none"}, 404), ({"previous_response_id": "resp_none"}, 400)):
        assert httpx.post(f"{server.url}/responses", json=body | wrong).status_code == status
    assert upstream.requests == []
    expect_nothing(client, "resp_none")


@pytest.mark.parametrize("status, code", [(500, "server_error"), (429, "rate_limit_exceeded"), (400, "invalid_prompt")])
def test_the_model_fails(client: openai.OpenAI, server: Nanobot, upstream: Upstream, key: str, status: int, code: str):
    upstream.script(whole({"error": {"message": "Not now", "type": "x", "code": None}}, status), answer("two"))
    response = ended(client, start(client, "1", conversation=key).id)
    assert (response.status, response.error.code, response.output) == ("failed", code, []) and response.error.message
    assert server.turns(key) == []
    assert "response.failed" in [event["type"] for event in events_of(server, response.id)[-2:]]
    respond(client, "2", conversation=key)
    assert asked(upstream) == ["user: 2"]
    assert client.responses.cancel(response.id) == response


def test_the_responder_is_killed(tmp_path: Path, upstream: Upstream, gate: Gate, key: str):
    before = responders()
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        upstream.script(gate.before("never"), answer("one"))
        headers = {"Idempotency-Key": "k"}
        lost = start(client, "1", conversation=key, extra_headers=headers)
        assert eventually(lambda: len(upstream.requests) == 1)
        kill_responder(before)
        response = ended(client, lost.id)
        assert (response.status, response.error.code, response.output) == ("failed", "server_error", []) and response.error.message
        assert response.background is True
        assert client.responses.retrieve(lost.id) == response and client.responses.cancel(lost.id) == response
        assert server.turns(key) == []
        gate.open()
        # The same request is answered, and answered once.
        again = ended(client, start(client, "1", conversation=key, extra_headers=headers).id)
        assert (again.status, again.output_text) == ("completed", "one")
        third = ended(client, start(client, "1", conversation=key, extra_headers=headers).id)
        assert third == again
        assert len(upstream.requests) == 2 and len(server.turns(key)) == 1


def test_a_stream_whose_responder_is_killed(tmp_path: Path, upstream: Upstream, gate: Gate):
    before = responders()
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        upstream.script(gate.within("Hello, ", "Bob."))
        seen: list[ResponseStreamEvent] = []
        with pytest.raises(Exception):
            for event in client.responses.create(model="nanobot", input="I am Bob.", background=True, stream=True):
                seen.append(event)
                if event.type == "response.output_text.delta":
                    kill_responder(before)
            # The client takes a stream that is cut for one that has ended.
            assert seen[-1].type in ("response.completed", "response.failed")
        response = ended(client, seen[0].response.id)
        assert response.status == "failed"
        assert "response.failed" in [event["type"] for event in events_of(server, response.id)[-2:]]


def test_a_restart(tmp_path: Path, upstream: Upstream, gate: Gate, key: str):
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        upstream.script(answer("one"), whole({}, 500), gate.within("never ", "ends"))
        whole_one, failed = [ended(client, start(client, text).id) for text in ("1", "2")]
        events = list(client.responses.retrieve(whole_one.id, stream=True))
        running = start(client, "3", conversation=key)
        assert eventually(lambda: len(upstream.requests) == 3)
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        assert client.responses.retrieve(whole_one.id) == whole_one and client.responses.retrieve(failed.id) == failed
        assert list(client.responses.retrieve(whole_one.id, stream=True))[-1] == events[-1]
        assert client.responses.cancel(whole_one.id) == whole_one
        stopped = ended(client, running.id)
        assert (stopped.status, stopped.error.code) == ("failed", "server_error")
        assert server.turns(key) == []


def test_two_chains_from_one_response(client: openai.OpenAI, upstream: Upstream, gate: Gate):
    upstream.script(answer("one"), gate.before("x"), gate.before("y"))
    first = respond(client, "1")
    chains = [start(client, text, previous_response_id=first.id) for text in ("a", "b")]
    assert eventually(lambda: len(upstream.requests) == 3)
    gate.open()
    assert {ended(client, response.id).status for response in chains} == {"completed"}
    assert sorted(asked(upstream, number)[-1] for number in (1, 2)) == ["user: a", "user: b"]
    assert {tuple(asked(upstream, number)[:-1]) for number in (1, 2)} == {("user: 1", "assistant: one")}
    for response, text in zip(chains, "ab"):
        last = respond(client, "Go on", previous_response_id=response.id)
        assert asked(upstream)[:3] == ["user: 1", "assistant: one", f"user: {text}"]
        assert client.responses.retrieve(last.id) == last


def test_two_programs_on_one_directory(tmp_path: Path, upstream: Upstream, gate: Gate, key: str):
    one, two = tmp_path / "one", tmp_path / "two"
    for directory in (one, two):
        directory.mkdir()
    (tmp_path / "data").mkdir(mode=0o700)
    for directory in (one, two):
        (directory / "data").symlink_to(tmp_path / "data")
    with Nanobot(one, **settings(upstream)) as first, Nanobot(two, **settings(upstream)) as second:
        here, there = make_client(first, None), make_client(second, None)
        upstream.script(gate.within("Hello, ", "Bob."), gate.within("never"))
        response = start(here, "I am Bob.")
        assert eventually(lambda: there.responses.retrieve(response.id).status == "in_progress")
        with ThreadPoolExecutor(1) as pool:
            stream = pool.submit(lambda: list(there.responses.retrieve(response.id, stream=True)))
            gate.open()
            events = stream.result(60)
        assert text_of(events) == "Hello, Bob." and events[-1].type == "response.completed"
        assert ended(there, response.id) == ended(here, response.id) == events[-1].response
        held = Gate(upstream)
        upstream.script(held.within("never"))
        other = start(there, "Another", conversation=key)
        assert eventually(lambda: len(upstream.requests) == 1)
        assert here.responses.cancel(other.id).status == "cancelled"
        assert ended(there, other.id).status == "cancelled"
        held.open()
        assert respond(here, "2", conversation=key).status == "completed"
        assert asked(upstream) == ["user: 2"]


def test_a_retry(client: openai.OpenAI, server: Nanobot, upstream: Upstream, gate: Gate, key: str):
    upstream.script(gate.before("one"))
    body = {"model": "nanobot", "input": "1", "background": True, "conversation": key}
    first, second = [httpx.post(f"{server.url}/responses", json=body, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]
    gate.open()
    responses = [ended(client, response["id"]) for response in (first, second)]
    assert {response.status for response in responses} == {"completed"}
    assert {response.output_text for response in responses} == {"one"}
    assert len(upstream.requests) == 1 and len(server.turns(key)) == 1


def test_many_at_once(client: openai.OpenAI, upstream: Upstream, gate: Gate):
    upstream.script(*[gate.before("ok")] * 40)
    with ThreadPoolExecutor(8) as pool:
        ids = [response.id for response in pool.map(lambda number: start(client, str(number)), range(40))]
    assert eventually(lambda: len(upstream.requests) == 40)
    gate.open()
    assert {ended(client, id).output_text for id in ids} == {"ok"}


def test_keys(tmp_path: Path, upstream: Upstream, gate: Gate):
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        secrets = [server.add_key("--name", name, "--scope", f"{name}:") for name in ("amy", "bob")]
        amy, bob = [openai.OpenAI(base_url=server.url, api_key=secret, max_retries=0) for secret in secrets]
        upstream.script(gate.before("one"))
        response = start(amy, "1")
        expect_nothing(bob, response.id)
        gate.open()
        assert ended(amy, response.id).output_text == "one"
        expect_nothing(bob, response.id)


def test_over_cgi(tmp_path: Path):
    body = json.dumps({"model": "nanobot", "input": "1", "background": True}).encode()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "NANOBOT_DATA_DIR": str(tmp_path / "data"), "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/v1/responses", "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1",
    }

    def send(body: bytes) -> tuple[bytes, dict]:
        sent = environment | {"CONTENT_LENGTH": str(len(body))}
        reply = subprocess.run([os.environ["NANOBOT_BINARY"]], env=sent, input=body, capture_output=True, timeout=60)
        head, _, text = reply.stdout.partition(b"\r\n\r\n")
        return head, json.loads(text)

    head, reply = send(body)
    assert b"Status: 400" in head, head
    assert (reply["error"]["code"], reply["error"]["param"]) == ("unsupported_value", "background")
    head, reply = send(json.dumps({"input": "1", "background": False}).encode())
    assert reply["status"] == "completed"
