"""Conversations, stored completions and the background are as the description says, where no generator gets."""

import threading
from pathlib import Path

import jsonschema_rs
import pytest

from nanobot import Nanobot
from program import eventually
from test_description import caller, description, events_of
from upstream import Upstream, chunk, stream, whole


def test_conversations(directory: Path, monkeypatch: pytest.MonkeyPatch, key: str):
    all, one, items, item = (f"/v1/conversations{rest}" for rest in ("", "/{id}", "/{id}/items", "/{id}/items/{item}"))
    with Nanobot(directory / "conversations", LIMITS_BODY_BYTES="100000") as server:
        call = caller(server, monkeypatch)
        user = {"role": "user", "content": "one"}
        called = {"type": "function_call", "call_id": "c", "name": "now", "arguments": "{}"}
        result = {"type": "function_call_output", "call_id": "c", "output": "noon"}
        first = call("POST", all, 200, json={"items": [user, called, result], "metadata": {"a": "b"}}).json()
        path = f"{all}/{first['id']}"
        assert call("GET", path, 200, operation=one).json() == first
        assert call("POST", path, 200, operation=one, json={"metadata": {"c": "d"}}).json()["metadata"] == {"c": "d"}
        call("POST", "/v1/responses", 200, json={"input": "two", "conversation": first["id"]})
        headers = {"Idempotency-Key": "k"}
        for _ in range(2):
            added = call("POST", f"{path}/items", 200, operation=items, json={"items": [user]}, headers=headers).json()
        page = call("GET", f"{path}/items?order=asc&limit=2", 200, operation=items).json()
        rest = call("GET", f"{path}/items?order=asc&after={page['last_id']}", 200, operation=items).json()
        assert page["has_more"] and rest["last_id"] == added["last_id"] and len(page["data"] + rest["data"]) == 6
        for entry in page["data"] + rest["data"]:
            assert call("GET", f"{path}/items/{entry['id']}", 200, operation=item).json() == entry
        for status in (200, 404):
            call("DELETE", f"{path}/items/{page['first_id']}", status, operation=item)
        call("GET", f"{path}/items/{page['first_id']}", 404, "not_found", operation=item)
        for query in ("after=x", "limit=0", "order=up"):
            call("GET", f"{path}/items?{query}", 400, "invalid_value", operation=items)
        call("POST", path, 400, "invalid_value", operation=one, json={})
        for target, operation in ((all, all), (path, one), (f"{path}/items", items)):
            call("POST", target, 400, "invalid_json", operation=operation, content="{")
            call("POST", target, 413, "request_too_large", operation=operation, json={"items": "x" * 100_000})
            call("POST", target, 415, "unsupported_media_type", operation=operation, json={}, headers={"Content-Encoding": "br"})
        call("POST", f"{path}/items", 409, "idempotency_key_conflict", operation=items, json={"items": [called]}, headers=headers)
        call("POST", f"{path}/items", 400, "invalid_value", operation=items, json={"items": [user] * 21})
        call("DELETE", path, 200, operation=one)
        for method, target, operation in (("GET", path, one), ("DELETE", path, one), ("GET", f"{path}/items", items)):
            call(method, target, 404, "not_found", operation=operation)
        call("POST", "/v1/responses", 404, "not_found", json={"input": "two", "conversation": first["id"]})


def test_stored_completions(directory: Path, monkeypatch: pytest.MonkeyPatch, key: str):
    all, one, messages = (f"/v1/chat/completions{rest}" for rest in ("", "/{id}", "/{id}/messages"))
    with Nanobot(directory / "stored-completions") as server:
        call = caller(server, monkeypatch, key)
        parts = [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
        body = {"messages": [{"role": "user", "content": parts, "name": "bob"}], "store": True, "metadata": {"a": "b"}}
        first, second = [call("POST", all, 200, json=body).json() for _ in range(2)]
        page = call("GET", f"{all}?limit=1&metadata[a]=b&model=nanobot", 200).json()
        assert page["has_more"] and page["last_id"] == first["id"]
        assert call("GET", f"{all}?after={first['id']}&order=asc", 200).json()["first_id"] == second["id"]
        path = f"{all}/{first['id']}"
        assert call("GET", path, 200, operation=one).json() == page["data"][0]
        call("GET", f"{path}/messages", 200, operation=messages)
        assert call("POST", path, 200, operation=one, json={"metadata": {}}).json()["metadata"] == {}
        for query in ("after=x", "limit=0", "order=up"):
            call("GET", f"{all}?{query}", 400, "invalid_value")
            call("GET", f"{path}/messages?{query}", 400, "invalid_value", operation=messages)
        call("POST", path, 400, "invalid_json", operation=one, content="{")
        call("POST", path, 400, "invalid_value", operation=one, json={})
        call("POST", all, 400, "invalid_value", json=body | {"metadata": {"a" * 65: "b"}})
        call("DELETE", path, 200, operation=one)
        for method in ("GET", "DELETE"):
            call(method, path, 404, "not_found", operation=one)
        call("GET", f"{path}/messages", 404, "not_found", operation=messages)


def test_the_background(directory: Path, monkeypatch: pytest.MonkeyPatch):
    responses, one = "/v1/responses", "/v1/responses/{id}"
    held = threading.Event()
    upstream = Upstream()
    with Nanobot(directory / "background", STREAM="true", UPSTREAM_URL=upstream.url, UPSTREAM_MODEL="m", UPSTREAM_RETRIES="0") as server:
        call = caller(server, monkeypatch)
        upstream.script(stream(chunk({"content": "Hi"}), stays=held), whole({"error": {"message": "No"}}, 500))
        running = f"{responses}/{call('POST', responses, 200, json={'input': 'one', 'background': True}).json()['id']}"
        assert eventually(lambda: call("GET", running, 200, operation=one).json()["status"] == "in_progress")
        for _ in range(2):
            assert call("POST", f"{running}/cancel", 200, operation=one + "/cancel").json()["status"] == "cancelled"
        held.set()
        failed = f"{responses}/{call('POST', responses, 200, json={'input': 'two', 'background': True}).json()['id']}"
        assert eventually(lambda: call("GET", failed, 200, operation=one).json()["status"] == "failed")
        *events, done = events_of(call("POST", responses, 200, json={"input": "three", "background": True, "stream": True}))
        assert [event["type"] for event in events[:3]] == ["response.created", "response.queued", "response.in_progress"]
        path = f"{responses}/{events[0]['response']['id']}"
        assert call("GET", path, 200, operation=one).json() == events[-1]["response"]
        assert events_of(call("GET", f"{path}?stream=true&starting_after=1", 200, operation=one)) == [*events[2:], done]
        components = description(server)["components"]
        validator = jsonschema_rs.validator_for({"$ref": "#/components/schemas/ResponseStreamEvent", "components": components})
        for target in (running, failed, path):
            for event in events_of(call("GET", f"{target}?stream=true", 200, operation=one)):
                assert event == "[DONE]" or validator.validate(event) is None
        call("GET", f"{path}?stream=true&starting_after=x", 400, "invalid_value", operation=one)
        plain = call("POST", responses, 200, json={"input": "four"}).json()["id"]
        call("POST", f"{responses}/{plain}/cancel", 400, "unsupported_value", operation=one + "/cancel")
        call("GET", f"{responses}/{plain}?stream=true", 400, "unsupported_value", operation=one)
        for target in (running, failed, path):
            call("DELETE", target, 200, operation=one)
            call("GET", target, 404, "not_found", operation=one)
            call("POST", f"{target}/cancel", 404, "not_found", operation=one + "/cancel")
        refused = call("POST", responses, 400, json={"input": "x", "background": True, "store": False}).json()
        assert refused["error"]["param"] == "background"
    upstream.close()
