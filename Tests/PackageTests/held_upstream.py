import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HeldUpstream:
    """A model that says "one ", and goes on with "two" once it is released: once, or as long as somebody listens."""

    def __init__(self, is_endless: bool = False) -> None:
        self.released, self.left = threading.Event(), threading.Event()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                self.say({"role": "assistant", "content": "one "})
                upstream.released.wait(60)
                try:
                    while is_endless and not upstream.left.wait(0.01):
                        self.say({"content": "two "})
                    self.say({"content": "two"}, "stop")
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    upstream.left.set()

            def say(self, delta: dict, finish: str | None = None) -> None:
                choice = {"index": 0, "delta": delta, "finish_reason": finish}
                chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
                self.wfile.write(b"data: %s\n\n" % json.dumps(chunk).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.settings = {"url": f"http://127.0.0.1:{self._server.server_port}/v1", "model": "m"}
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "HeldUpstream":
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.left.set()
        self._server.shutdown()
        self._server.server_close()
