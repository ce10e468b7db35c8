"""The API is as its description says: schemathesis sends what it allows, and what it does not, through nginx."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import jsonschema_rs
import pytest
import schemathesis

from nanobot import Nanobot
from upstream import DONE, USAGE, Upstream, chunk, stream

HERE = Path(__file__).parent

OPERATIONS = {
    "POST /v1/chat/completions", "GET /v1/chat/completions", "GET /v1/chat/completions/{id}", "POST /v1/chat/completions/{id}",
    "DELETE /v1/chat/completions/{id}", "GET /v1/chat/completions/{id}/messages", "POST /v1/responses", "POST /v1/responses/input_tokens",
    "GET /v1/responses/{id}", "DELETE /v1/responses/{id}", "GET /v1/responses/{id}/input_items", "POST /v1/responses/{id}/cancel",
    "POST /v1/conversations", "GET /v1/conversations/{id}", "POST /v1/conversations/{id}", "DELETE /v1/conversations/{id}",
    "GET /v1/conversations/{id}/items", "POST /v1/conversations/{id}/items", "GET /v1/conversations/{id}/items/{item}",
    "DELETE /v1/conversations/{id}/items/{item}", "GET /v1/session", "DELETE /v1/session", "GET /v1/session/export",
    "POST /v1/session/undo", "POST /v1/session/fork", "GET /v1/sessions", "GET /v1/key", "GET /v1/usage", "GET /v1/models",
    "GET /v1/models/{id}", "GET /health", "GET /openapi.json", "GET /ready", "GET /metrics",
}

# What everybody may call, and the question what is left.
UNLIMITED = {"GET /health", "GET /ready", "GET /openapi.json", "GET /v1/key"}

# Examples do not depend on chance, so that a failure is one of the change that it comes with.
CONFIGURATION = """
hooks = "{hooks}"
continue-on-failure = true
# Streams are read to their end.
max-stream-events = 10000
headers = {{ {headers} }}

[generation]
deterministic = true
max-examples = {examples}
no-shrink = true
# The API ignores parameters that it does not know, and OpenAPI cannot say so.
allow-extra-parameters = false
# requests sends them as Latin-1, and the API wants UTF-8.
exclude-header-characters = "{latin}"

# Few responses run in the background.
[[operations]]
include-name = "POST /v1/responses/{{id}}/cancel"
checks.positive_data_acceptance.expected-statuses = [200, 400, 401, 403, 404, 429]
"""

# No examples at random, and of the others only those that the API has to accept.
BRIEF = ["--phases", "examples,coverage", "--mode", "positive"]


class Conformance:
    """What schemathesis found and saw. Without `examples` at random it is brief. `state` says what of the
    description holds: description_hooks.py."""

    def __init__(
        self, server: Nanobot, directory: Path, examples: int = 0, only: str = "", key: str = "", state: str = "open", **headers: str
    ):
        directory.mkdir()
        configuration, seen = directory / "schemathesis.toml", directory / "seen"
        configuration.write_text(
            CONFIGURATION.format(
                hooks=HERE / "description_hooks.py", examples=examples or 1,
                latin="".join(f"\\u{code:04x}" for code in range(0x80, 0x100)),
                headers=", ".join(f'{name} = "{value}"' for name, value in headers.items()),
            )
            + (f'[auth.openapi.bearer]\nbearer = "{key}"\n' if key else "")
        )
        environment = os.environ | {"SEEN": str(seen), "STATE": state, "NO_COLOR": "1"}
        if examples:
            environment["COMPLETIONS"] = " ".join(stored_completion(server, key) for _ in range(40))
        # By the other path, since schemathesis does not call the one from which it has the description.
        program = [Path(sys.executable).with_name("st"), "--config-file", configuration, "run", f"{server.url}/openapi.json"]
        program += [] if examples else BRIEF
        program += ["--include-name", only] if only else []
        # In the directory, since it leaves files.
        result = subprocess.run(program, cwd=directory, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
        lines = [line.split() for line in seen.read_text().splitlines()]
        self.statuses = {(f"{method} {path}", int(status)) for method, path, status, *_ in lines}
        self.headers = {header for _, _, _, *headers in lines for header in headers}

    def has(self, operation: str, *statuses: int) -> bool:
        return {(operation, status) for status in statuses} <= self.statuses


def stored_completion(server: Nanobot, key: str) -> str:
    """The id of a new one, in a session that nothing else uses."""
    body = {"messages": [{"role": "user", "content": "Hello"}], "store": True}
    headers = {"x-session-key": "stored"} | ({"x-api-key": key} if key else {})
    return httpx.post(f"{server.url}/chat/completions", json=body, headers=headers).raise_for_status().json()["id"]


def root(server: Nanobot) -> str:
    return server.url.removesuffix("/v1")


def description(server: Nanobot) -> dict:
    return httpx.get(root(server) + "/openapi.json").raise_for_status().json()


def version() -> str:
    return subprocess.run([os.environ["NANOBOT_BINARY"], "--version"], check=True, capture_output=True, text=True).stdout.strip()


def test_open(directory: Path):
    with Nanobot(directory / "open", STREAM="true", UPSTREAM_ALLOW_REMOTE_IMAGES="true") as server:
        seen = Conformance(server, directory / "open-conformance", examples=20)
        assert description(server)["info"]["version"] == version()
    assert {operation for operation, _ in seen.statuses} == OPERATIONS
    assert seen.has("POST /v1/chat/completions", 200, 400)
    assert seen.has("GET /v1/session", 200, 400, 404) and seen.has("GET /v1/session/export", 200, 400, 404)
    assert seen.has("POST /v1/session/undo", 200, 400, 404) and seen.has("DELETE /v1/session", 200, 400, 404)
    assert seen.has("POST /v1/session/fork", 200, 400, 404)
    assert seen.has("POST /v1/responses", 200, 400) and seen.has("POST /v1/responses/input_tokens", 200, 400)
    assert all(seen.has(operation, 200, 404) for operation in OPERATIONS if "{id}" in operation)
    # There are no keys that they could be about.
    assert seen.has("GET /v1/sessions", 403) and seen.has("GET /v1/key", 404) and seen.has("GET /v1/usage", 404)


def test_api_keys(directory: Path):
    with Nanobot(directory / "closed", STREAM="true", UPSTREAM_ALLOW_REMOTE_IMAGES="true", CORS_ORIGINS="https://app.example") as server:
        limits = ["--rpm", "1000000", "--tpm", "1000000000"]
        key = server.add_key("--name", "all", "--scope", "*", "--routes", "chat,read,list,export,write,admin", *limits)
        seen = Conformance(server, directory / "closed-conformance", examples=5, key=key, state="closed", Origin="https://app.example")
        strange = Conformance(server, directory / "strange-conformance", key="nb-strange", state="closed")
    assert {(operation, 200) for operation in OPERATIONS} <= seen.statuses
    assert {(operation, 401) for operation in OPERATIONS - {"GET /health", "GET /ready", "GET /openapi.json"}} <= strange.statuses
    assert seen.headers >= {"access-control-allow-origin", "x-ratelimit-remaining-requests", "x-ratelimit-reset-tokens"}
    assert "www-authenticate" in strange.headers


def test_limits(directory: Path):
    with Nanobot(directory / "limited", STREAM="true") as server:
        key = server.add_key("--name", "slow", "--scope", "*", "--rpm", "0")
        seen = Conformance(server, directory / "slow-conformance", key=key, state="closed")
        assert {(operation, 429) for operation in OPERATIONS if operation not in UNLIMITED} <= seen.statuses
        assert seen.headers >= {"retry-after", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"}
        key = server.add_key("--name", "poor", "--scope", "*", "--tokens-per-day", "0")
        seen = Conformance(server, directory / "poor-conformance", only="POST /v1/chat/completions", key=key, state="closed")
        assert seen.has("POST /v1/chat/completions", 429) and "x-should-retry" in seen.headers


def test_web_pages(directory: Path):
    with Nanobot(directory / "pages", STREAM="true") as server:
        key = server.add_key("--name", "site", "--kind", "publishable", "--origin", "https://app.example")
        seen = Conformance(server, directory / "pages-conformance", key=key, state="publishable", Origin="https://app.example")
    assert "x-visitor" in seen.headers
    assert seen.has("POST /v1/chat/completions", 200, 401) and seen.has("GET /v1/session", 401, 404)
    assert seen.has("GET /v1/sessions", 403) and seen.has("GET /v1/usage", 403)


def caller(server: Nanobot, monkeypatch: pytest.MonkeyPatch, key: str | None = None) -> Callable[..., httpx.Response]:
    """Any request that httpx can send, whose response has to be as described."""
    monkeypatch.setenv("STATE", "open")
    monkeypatch.setenv("SEEN", os.devnull)
    # Its checks are then among those of `validate_response`.
    assert importlib.import_module("description_hooks")
    schema = schemathesis.openapi.from_url(root(server) + "/openapi.json")
    assert schema.get_base_url().rstrip("/") == root(server)

    def call(
        method: str, path: str, expected: int, code: str | None = None, operation: str | None = None, **request: object
    ) -> httpx.Response:
        request["headers"] = ({"x-session-key": key} if key else {}) | request.pop("headers", {})
        response = httpx.request(method, root(server) + path, timeout=60, **request)
        assert response.status_code == expected, response.text
        assert code is None or response.json()["error"]["code"] == code
        schema[operation or path.partition("?")[0]][method].validate_response(response)
        return response

    return call


def test_responses_that_no_generator_gets(directory: Path, monkeypatch: pytest.MonkeyPatch, key: str):
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    with Nanobot(directory / "rare", LIMITS_BODY_BYTES="100000") as server:
        call = caller(server, monkeypatch, key)
        chat = "/v1/chat/completions"
        call("POST", chat, 200, json=body)
        for _ in range(2):
            answer = call("POST", chat, 200, json=body, headers={"Idempotency-Key": "k"})
        assert answer.headers["idempotency-replayed"] == "true"
        call("POST", chat, 409, "idempotency_key_conflict", json=body | {"n": 1}, headers={"Idempotency-Key": "k"})
        call("POST", chat, 400, "stream_unsupported", json=body | {"stream": True})
        call("POST", chat, 400, "invalid_json", content="{")
        call("POST", chat, 413, "request_too_large", json=body | {"user": "x" * 100_000})
        call("POST", chat, 415, "unsupported_media_type", json=body, headers={"Content-Encoding": "br"})
        for path in (chat, "/v1/models"):
            method = "POST" if path == chat else "GET"
            call(method, path, 431, "headers_too_large", json=body, headers={f"x-{number}": "x" * 8000 for number in range(10)})
        call("POST", "/v1/session/fork", 415, "unsupported_media_type", json={"to": "a"}, headers={"Content-Encoding": "br"})
        call("POST", "/v1/session/fork", 413, "request_too_large", json={"to": "a" * 100_000})
        call("POST", "/v1/session/fork", 200, json={"to": f"{key}:copy"})
        call("POST", "/v1/session/fork", 409, "session_exists", json={"to": f"{key}:copy"})
        for format in ("json", "jsonl", "markdown"):
            call("GET", f"/v1/session/export?format={format}", 200)
        page = call("GET", "/v1/session?limit=1", 200).json()
        call("GET", f"/v1/session?limit=1&before={page['before']}", 200)
        for _ in range(2):
            call("POST", "/v1/session/undo", 200)
        call("POST", "/v1/session/undo", 404, "not_found")
        other = server.add_key("--name", "other", "--scope", "other:", "--routes", "read,list", "--models", "none")
        headers = {"x-api-key": other}
        call("GET", "/v1/session", 403, "session_not_allowed", headers=headers)
        call("POST", chat, 403, "route_not_allowed", json=body, headers=headers)
        call("GET", "/v1/sessions?prefix=web:", 403, "session_not_allowed", headers=headers)
        call("GET", "/v1/models", 400, "invalid_value", headers=headers | {"api-key": "nb-another"})


def test_responses_that_need_others(directory: Path, monkeypatch: pytest.MonkeyPatch, key: str):
    responses, one = "/v1/responses", "/v1/responses/{id}"
    with Nanobot(directory / "chain") as server:
        call = caller(server, monkeypatch)
        first = call("POST", responses, 200, json={"input": "one", "instructions": "Be brief", "metadata": {"a": "b"}, "user": "me"}).json()
        second = call("POST", responses, 200, json={"input": "two", "previous_response_id": first["id"]}).json()
        third = call("POST", responses, 200, json={"input": "three", "previous_response_id": first["id"]}).json()
        assert third["previous_response_id"] == first["id"]
        # What the client has is sent back: all of a reply may be.
        history = [{"role": "user", "content": "one"}, *first["output"], {"type": "item_reference", "id": second["output"][0]["id"]}]
        input = [*history, {"role": "user", "content": [{"type": "input_text", "text": "four"}]}]
        fourth = call("POST", responses, 200, json={"input": input}).json()
        path = f"{responses}/{fourth['id']}"
        assert call("GET", path, 200, operation=one).json() == fourth
        items = call("GET", f"{path}/input_items?limit=2&order=asc", 200, operation=one + "/input_items").json()
        assert items["has_more"]
        rest = f"{path}/input_items?order=asc&after={items['last_id']}"
        rest = call("GET", rest, 200, operation=one + "/input_items").json()
        texts = [item["content"][0]["text"] for item in items["data"] + rest["data"]]
        assert (texts[0], texts[-1]) == ("one", "four") and not rest["has_more"]
        call("POST", responses + "/input_tokens", 200, json={"input": "two", "previous_response_id": first["id"]})
        call("POST", responses, 200, json={"input": "Hello", "conversation": key})
        call("POST", f"{path}/cancel", 400, "unsupported_value", operation=one + "/cancel")
        call("GET", f"{path}?stream=true", 400, "unsupported_value", operation=one)
        for query in ("after=x", "limit=0", "order=up"):
            call("GET", f"{path}/input_items?{query}", 400, "invalid_value", operation=one + "/input_items")
        call("DELETE", path, 200, operation=one)
        for method in ("GET", "DELETE"):
            call(method, path, 404, "not_found", operation=one)
        for path in (responses, responses + "/input_tokens"):
            call("POST", path, 400, "previous_response_not_found", json={"input": "x", "previous_response_id": fourth["id"]})
            call("POST", path, 404, "not_found", json={"input": [{"type": "item_reference", "id": "msg_x"}]})
        call("POST", responses, 400, "stream_unsupported", json={"input": "x", "stream": True})
        for _ in range(2):
            answer = call("POST", responses, 200, json={"input": "x"}, headers={"Idempotency-Key": "k"})
        assert answer.headers["idempotency-replayed"] == "true"


def test_response_streams(directory: Path, monkeypatch: pytest.MonkeyPatch):
    call_part = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "now", "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": "{}"}}
    logprobs = {"content": [{"token": "Hi", "logprob": -0.5, "bytes": None, "top_logprobs": []}]}
    text = {"delta": {"content": "Hi"}, "index": 0, "finish_reason": None, "logprobs": logprobs}
    tools = [{"type": "function", "name": "now", "parameters": {"type": "object"}}, {"type": "local_shell"}]
    scripts = [
        # What is said, why it ends, and the events that come between the first two and the last.
        ([chunk({"reasoning_content": "Hm"}), chunk() | {"choices": [text]}], "stop", ["reasoning_text", "output_text"], "completed"),
        ([chunk({"tool_calls": [call_part]}), chunk({"tool_calls": [rest]})], "tool_calls", ["function_call_arguments"], "completed"),
        ([chunk({"refusal": "No"})], "content_filter", ["refusal"], "incomplete"),
    ]
    upstream = Upstream()
    with Nanobot(directory / "streams", STREAM="true", UPSTREAM_URL=upstream.url, UPSTREAM_MODEL="m", UPSTREAM_RETRIES="0") as server:
        call = caller(server, monkeypatch)
        body = {"input": "Hello", "tools": tools, "include": ["message.output_text.logprobs"]}
        for chunks, reason, kinds, end in scripts:
            upstream.script(stream(*chunks, chunk(finish_reason=reason), {"choices": [], "usage": USAGE}, DONE))
            *events, done = events_of(call("POST", "/v1/responses", 200, json=body | {"stream": True}))
            assert done == "[DONE]"
            types = [event["type"].removeprefix("response.") for event in events]
            assert (types[:2], types[-1]) == (["created", "in_progress"], end)
            assert [type.removesuffix(".delta") for type in types if type.endswith(".delta")] == kinds
            last = events[-1]["response"]
            path = f"/v1/responses/{last['id']}"
            # Probabilities are not stored.
            stored = json.dumps(call("GET", path, 200, operation="/v1/responses/{id}").json())
            assert stored == json.dumps(last).replace(json.dumps(logprobs["content"]), "[]")
            call("POST", "/v1/responses", 200, json=body | {"previous_response_id": last["id"], "input": answers(last)})
            call("GET", f"{path}/input_items", 200, operation="/v1/responses/{id}/input_items")
        # It breaks off after a word.
        upstream.script(stream(chunk({"content": "Hi"})))
        response = httpx.post(server.url + "/responses", json=body | {"stream": True}, timeout=60)
        components = description(server)["components"]
        validator = jsonschema_rs.validator_for({"$ref": "#/components/schemas/ResponseStreamEvent", "components": components})
        events = events_of(response)
        for event in events:
            validator.validate(event)
        assert [event["type"] for event in events[-2:]] == ["response.failed", "error"]
    upstream.close()


def events_of(response: httpx.Response) -> list[dict | str]:
    data = [line.removeprefix("data: ") for line in response.text.split("\n") if line.startswith("data: ")]
    return [text if text == "[DONE]" else json.loads(text) for text in data]


def answers(response: dict) -> list[dict]:
    """What may follow a response: the results of its calls, and a question."""
    calls = [item["call_id"] for item in response["output"] if item["type"] == "function_call"]
    results = [{"type": "function_call_output", "call_id": call, "output": "noon"} for call in calls]
    return [*results, {"role": "user", "content": "Go on"}]
