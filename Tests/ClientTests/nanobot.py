import json
import os
import subprocess
from pathlib import Path
from urllib.parse import quote

import httpx

from program import Program, eventually, free_port

Frame = dict | str


class Nanobot:
    """`nanobot serve` behind nginx, with settings by their environment variables' names without `NANOBOT_`."""

    def __init__(self, directory: Path, **settings: str):
        self._data = directory / "data"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "XDG_RUNTIME_DIR": str(directory), "LC_ALL": "C.UTF-8"}
        self._environment |= {f"NANOBOT_{name}": value for name, value in settings.items()}
        directory.mkdir(exist_ok=True)
        arguments = ["serve", "--web-server", "nginx", "--port", str(port), "--data-dir", str(self._data)]
        self._program = Program([os.environ["NANOBOT_BINARY"], *arguments], directory, self._environment)
        self._program.wait_for_output("listens on")

    def __enter__(self) -> "Nanobot":
        return self

    def __exit__(self, *_: object) -> None:
        status = self._program.end()
        assert status == 0, self._program.error

    def ask(self, key: str, text: str, **parameters: object) -> httpx.Response:
        """One turn. Of a stream it takes all there is, also where that breaks off."""
        body = {"model": "nanobot", "messages": [{"role": "user", "content": text}], **parameters}
        return httpx.post(f"{self.url}/chat/completions", json=body, headers={"x-session-key": key}, timeout=120)

    def add_key(self, *arguments: str) -> str:
        """Makes an API key, waits until it is in force, and gives its secret."""
        command = [os.environ["NANOBOT_BINARY"], "keys", "add", "--json", *arguments]
        secret = json.loads(subprocess.run(command, env=self._environment, check=True, capture_output=True).stdout)["secret"]
        # 404 where the API is open, and 403 if the key is for pages.
        assert eventually(lambda: httpx.get(f"{self.url}/key", headers={"x-api-key": secret}).status_code in (200, 403))
        return secret

    def turns(self, key: str) -> list[dict]:
        """The turns in a session's file."""
        path = self._data / "sessions" / f"{quote(key, safe='')}.json"
        return json.loads(path.read_text())["turns"] if path.exists() else []

    def archived(self) -> str:
        """What is kept of all that was cut from sessions."""
        return "".join(path.read_text() for path in (self._data / "archive").rglob("*") if path.is_file())


def frames(response: httpx.Response) -> list[Frame]:
    """What a stream consists of: JSON, and `[DONE]`."""
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    data = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line.startswith("data: ")]
    return [text if text == "[DONE]" else json.loads(text) for text in data]


def text_of(frames: list[Frame]) -> str:
    """The text of a stream's answer."""
    choices = [choice for frame in frames if isinstance(frame, dict) for choice in frame.get("choices", [])]
    return "".join(choice["delta"].get("content", "") for choice in choices)
