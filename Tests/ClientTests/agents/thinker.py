import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Thinker:
    """An upstream that says more than OpenAI's API knows, which llmock does not. It answers each request with the next message of
    `answers`, and keeps the `requests`."""

    def __init__(self):
        self.answers: list[dict] = []
        self.requests: list[dict] = []
        thinker = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                thinker.requests.append(body)
                message = thinker.answers.pop(0)
                data = b"".join(_stream(message)) if body.get("stream") else _whole(message)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream" if body.get("stream") else "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _completion(field: str, value: dict, finish_reason: str | None) -> dict:
    choice = {"index": 0, field: value, "finish_reason": finish_reason}
    kind = "chat.completion.chunk" if field == "delta" else "chat.completion"
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "thinker", "choices": [choice]}


def _whole(message: dict) -> bytes:
    return json.dumps(_completion("message", message, _finish_reason(message))).encode()


def _stream(message: dict) -> Iterator[bytes]:
    """Each field of the message in chunks of its own, texts in two."""
    deltas = [{"role": "assistant"}]
    for name, value in message.items():
        if isinstance(value, str) and name != "role":
            deltas += [{name: value[:3]}, {name: value[3:]}]
        elif name == "tool_calls":
            deltas += [{name: [{"index": index, **call}]} for index, call in enumerate(value)]
    for delta in deltas:
        yield b"data: " + json.dumps(_completion("delta", delta, None)).encode() + b"\n\n"
    yield b"data: " + json.dumps(_completion("delta", {}, _finish_reason(message))).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def _finish_reason(message: dict) -> str:
    return "tool_calls" if "tool_calls" in message else "stop"
