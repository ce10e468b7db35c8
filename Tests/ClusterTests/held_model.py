import json
import os
import socketserver
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler


class HeldModel:
    """A model on a Unix socket, which a machine reaches that is cut off. It answers each message once the test lets it;
    of a stream the first word comes before that."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.asked: dict[str, threading.Event] = defaultdict(threading.Event)
        self._released: dict[str, threading.Event] = defaultdict(threading.Event)
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = request["messages"][-1]["content"]
                model.asked[text].set()
                if request.get("stream"):
                    return self.stream(model._released[text])
                model._released[text].wait(600)
                choice = {"index": 0, "message": {"role": "assistant", "content": "At last."}, "finish_reason": "stop"}
                self.say({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})

            def stream(self, released: threading.Event) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for word, finish in [("At ", None), ("last.", "stop")]:
                    choice = {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": finish}
                    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
                    self.wfile.write(b"data: %s\n\n" % json.dumps(chunk).encode())
                    released.wait(600)
                self.wfile.write(b"data: [DONE]\n\n")

            def do_GET(self) -> None:
                self.say({"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "test"}]})

            def say(self, body: dict) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def address_string(self) -> str:
                return "unix"

            def log_message(self, *_: object) -> None:
                pass

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(path, Handler)
        os.chmod(path, 0o666)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def release(self, text: str) -> None:
        """Lets it answer a message, now and whenever it is asked again."""
        self._released[text].set()

    def close(self) -> None:
        for event in list(self._released.values()):
            event.set()
        self._server.shutdown()
        self._server.server_close()
