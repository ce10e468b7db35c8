"""What the tests of responses in the background share."""

import json
import threading
from collections.abc import Iterator
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
from upstream import DONE, USAGE, Reply, Upstream, answer, chunk

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
