import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class EncryptedUpstream:
    """A model behind TLS on loopback, with a certificate that an authority of its own has signed."""

    ANSWER = "It came through TLS."

    def __init__(self, folder: Path):
        self.authority = folder / "authority.pem"
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        signer = folder / "authority-key.pem"
        self._certify("/CN=authority", self.authority, signer)
        self._certify("/CN=127.0.0.1", certificate, key, "-addext", "subjectAltName=IP:127.0.0.1", "-CA", self.authority, "-CAkey", signer)
        self.authority_hash = subprocess.run(
            ["openssl", "x509", "-noout", "-hash", "-in", self.authority], check=True, capture_output=True, text=True
        ).stdout.strip()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "EncryptedUpstream":
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _certify(self, subject: str, certificate: Path, key: Path, *options: str | Path) -> None:
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"]
        command = ["openssl", "req", "-x509", "-batch", *kind, "-subj", subject, "-keyout", key, "-out", certificate, *options]
        subprocess.run(command, check=True, capture_output=True)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        choice = {"index": 0, "message": {"role": "assistant", "content": EncryptedUpstream.ANSWER}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass
