"""Responses in the background with OpenAI's own client, through nginx."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import openai
import pytest

from background import Gate, asked, client, ended, events_of, expect, expect_nothing, gate, server, settings, start, upstream  # noqa: F401
from background import RUNNING
from nanobot import Nanobot
from program import eventually
from test_openai import make_client
from test_responses import WEATHER, respond, result
from upstream import DONE, USAGE, Upstream, answer, chunk, whole


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


def test_a_retry(client: openai.OpenAI, server: Nanobot, upstream: Upstream, gate: Gate, key: str):
    upstream.script(gate.before("one"))
    body = {"model": "nanobot", "input": "1", "background": True, "conversation": key}
    first, second = [httpx.post(f"{server.url}/responses", json=body, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]
    gate.open()
    responses = [ended(client, response["id"]) for response in (first, second)]
    assert {response.status for response in responses} == {"completed"}
    assert {response.output_text for response in responses} == {"one"}
    assert len(upstream.requests) == 1 and len(server.turns(key)) == 1
    # Whichever of them the client has got, it leads on.
    for response in (first, second):
        assert client.responses.retrieve(response["id"]).id == response["id"]
        assert respond(client, "2", previous_response_id=response["id"]).status == "completed"
        assert asked(upstream) == ["user: 1", "assistant: one", "user: 2"]


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
