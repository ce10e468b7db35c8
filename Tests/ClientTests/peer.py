import signal
import sys
from pathlib import Path

import httpx

from program import Program, eventually, free_port, is_listening


class Peer:
    """llmock: an upstream that fails as it is told to."""

    def __init__(self, directory: Path):
        self._directory = directory
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/v1"
        self._control = httpx.Client(base_url=f"http://127.0.0.1:{self._port}/_llmock", timeout=120)
        self.start()

    def start(self) -> None:
        command = Path(sys.executable).with_name("llmock")
        self._program = Program([str(command), "serve", "--port", str(self._port), "--response-style", "echo"], self._directory)
        assert eventually(lambda: is_listening(self._port)), self._program.error

    def kill(self) -> None:
        self._program.end(signal.SIGKILL)

    def script(self, *behaviors: dict) -> None:
        """Says how the next requests fare."""
        response = self._control.post("/scenario", json={"behaviors": behaviors})
        # It queues nothing where it does not know a field.
        assert response.status_code == 201 and response.json()["queued"] == len(behaviors), response.text

    def requests(self) -> list[dict]:
        """What it was asked."""
        return self._control.get("/requests").json()["requests"]

    def pending(self) -> list[dict]:
        """What it was told and did not do yet."""
        return self._control.get("/scenario").json()["pending"]

    def verdict(self) -> dict:
        """What it thinks of who asked it."""
        return self._control.get("/verdict").json()

    def reset(self) -> None:
        self._control.post("/reset").raise_for_status()


def says(text: str) -> dict:
    """An answer for `Peer.script`."""
    return {"type": "reply", "text": text}


def calls(tool: str, *others: dict, **arguments: object) -> dict:
    """An answer for `Peer.script`: the call of a tool, and what other such answers call at the same time."""
    called = [call for other in others for call in other["tool_calls"]]
    return {"type": "reply", "tool_calls": [{"name": tool, "arguments": arguments}, *called]}


def waits(seconds: float) -> dict:
    """For `Peer.script`, beside an answer: it comes late. The first one is about the first answer, and so on."""
    return {"type": "delay", "seconds": seconds}


def breaks_off() -> dict:
    """For `Peer.script`, beside an answer: its stream ends after two words, and nothing says so."""
    return {"type": "stream_fault", "kind": "truncate", "after_chunks": 3}
