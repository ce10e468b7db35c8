"""Streams of responses in the background with OpenAI's own client, through nginx."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
from openai.types.responses import ResponseStreamEvent

from background import Gate, client, ended, expect, gate, server, start, text_of, upstream  # noqa: F401
from nanobot import Nanobot
from program import eventually
from test_responses import respond
from upstream import Upstream, answer


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
