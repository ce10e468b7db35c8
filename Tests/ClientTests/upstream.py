import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = Callable[[BaseHTTPRequestHandler], None]


class Upstream:
    """A server that answers with the very bytes that a test gives it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[dict] = []
        self._replies: list[Reply] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                whole({"object": "list", "data": [{"id": "first"}]})(self)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                upstream.requests.append(body)
                reply = upstream._replies.pop(0) if upstream._replies else answer("ok", streams=body.get("stream", False))
                reply(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def script(self, *replies: Reply) -> None:
        """Says how the next requests are answered. All others are answered with "ok"."""
        self.requests, self._replies = [], list(replies)

    @property
    def pending(self) -> int:
        return len(self._replies)

    def messages(self, index: int = -1) -> list[dict]:
        """The messages of a request."""
        return self.requests[index]["messages"]

    def close(self) -> None:
        self._server.shutdown()


def whole(body: dict | bytes, status: int = 200, content_type: str = "application/json") -> Reply:
    """A whole response."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return reply


def stream(*events: dict | str | bytes, stays: threading.Event | None = None) -> Reply:
    """A stream: objects become `data:` frames, text and bytes are sent as they are. It ends with the connection, unless the connection stays
    open until the event."""
    data = b"".join(
        event if isinstance(event, bytes) else event.encode() if isinstance(event, str) else b"data: %s\n\n" % json.dumps(event).encode()
        for event in events
    )

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(data)
        handler.wfile.flush()
        if stays:
            stays.wait(60)
        handler.close_connection = True

    return reply


DONE = "data: [DONE]\n\n"
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def completion(message: dict | None = None, finish_reason: str | None = "stop", **choice: object) -> dict:
    """A `chat.completion`."""
    message = {"role": "assistant", "content": None} | (message or {})
    return {"id": "x", "object": "chat.completion", "usage": USAGE, "choices": [{"index": 0, "message": message, "finish_reason": finish_reason} | choice]}


def chunk(delta: dict | None = None, finish_reason: str | None = None, **members: object) -> dict:
    """A `chat.completion.chunk`."""
    return {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish_reason}]} | members


def answer(text: str, streams: bool = False) -> Reply:
    """An answer that is well."""
    if streams:
        return stream(chunk({"role": "assistant", "content": text}), chunk(finish_reason="stop"), {"choices": [], "usage": USAGE}, DONE)
    return whole(completion({"content": text}))
