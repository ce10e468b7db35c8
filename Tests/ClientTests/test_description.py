"""The API is as its description says: schemathesis sends what it allows, and what it does not, through nginx."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import schemathesis

from nanobot import Nanobot

HERE = Path(__file__).parent

OPERATIONS = {
    "POST /v1/chat/completions", "GET /v1/session", "DELETE /v1/session", "GET /v1/session/export", "POST /v1/session/undo",
    "POST /v1/session/fork", "GET /v1/sessions", "GET /v1/key", "GET /v1/usage", "GET /v1/models", "GET /v1/models/{id}", "GET /health",
    "GET /openapi.json", "GET /ready", "GET /metrics",
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


def test_responses_that_no_generator_gets(directory: Path, monkeypatch: pytest.MonkeyPatch, key: str):
    monkeypatch.setenv("STATE", "open")
    monkeypatch.setenv("SEEN", os.devnull)
    # Its checks are then among those of `validate_response`.
    assert importlib.import_module("description_hooks")
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    with Nanobot(directory / "rare", LIMITS_BODY_BYTES="100000") as server:
        schema = schemathesis.openapi.from_url(root(server) + "/openapi.json")
        assert schema.get_base_url().rstrip("/") == root(server)

        def call(method: str, path: str, expected: int, code: str | None = None, session: str = key, **request: object) -> httpx.Response:
            """Any request that httpx can send, whose response has to be as described."""
            request["headers"] = {"x-session-key": session} | request.pop("headers", {})
            response = httpx.request(method, root(server) + path, **request)
            assert response.status_code == expected, response.text
            assert code is None or response.json()["error"]["code"] == code
            schema[path.partition("?")[0]][method].validate_response(response)
            return response

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
