import os
import signal
from pathlib import Path

import httpx

from program import ROOT, Program, eventually, free_port, is_listening

# An index that nobody serves, for whoever must not load anything.
NO_NETWORK = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_CONFIG_FILE": "/dev/null", "PIP_FIND_LINKS": ""}


def environment(cache: Path, **more: str) -> dict[str, str]:
    """The tester's own, but with a cache of the test's."""
    return os.environ | {"XDG_CACHE_HOME": str(cache)} | more


class LocalModel:
    """`deploy/local-model` in the foreground."""

    def __init__(self, directory: Path, cache: Path, wrapper: tuple[str, ...] = (), port: int | None = None, **variables: str):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        command = [*wrapper, str(ROOT / "deploy/local-model"), "--port", str(self.port)]
        self.program = Program(command, directory, environment(cache, **variables))

    def wait(self) -> None:
        """Waits until it says that it answers."""
        self.program.wait_for_output("answers on")
        assert self.program.output == f"SmolLM2-135M-Instruct answers on {self.url}\n"

    def end(self, number: int = signal.SIGTERM) -> None:
        """Ends it, and checks that it ends well."""
        assert self.program.end(number) == 0, self.program.error
        assert not is_listening(self.port)


class ServeWithLocalModel:
    """`deploy/serve --local-model`, which builds what is to be built."""

    def __init__(self, directory: Path, cache: Path, **variables: str):
        self.port = free_port()
        self.data = directory / "data"
        command = [str(ROOT / "deploy/serve"), "--port", str(self.port), "--local-model", "--data-dir", str(self.data)]
        self.program = Program(command, directory, environment(cache, XDG_RUNTIME_DIR=str(directory), **variables))
        self.program.wait_for_output("nanobot listens on")

    @property
    def model_port(self) -> int:
        return int(self.program.output.split("answers on http://127.0.0.1:")[1].split("/")[0])

    def ask(self, text: str, max_tokens: int = 16) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": text}], "max_tokens": max_tokens, "temperature": 0}
        url = f"http://127.0.0.1:{self.port}/v1/chat/completions"
        return httpx.post(url, json=body, headers={"x-session-key": "test"}, timeout=120)


def connections(port: int) -> set[str]:
    """The connections to a loopback port that stand at both ends, as their own ports (proc(5), /proc/net/tcp)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].split(":")[1] for row in rows if row[2] == f"0100007F:{port:04X}" and row[3] == "01"}


def become_idle(port: int) -> bool:
    """Whether nobody is connected to a port any more."""
    return eventually(lambda: not connections(port))
