import atexit
import fcntl
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def eventually(condition: Callable[[], bool], within: float = 120) -> bool:
    """Whether something becomes true before the time is up."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# Sources/Harness/Port.swift has the reasons: every run on this machine locks in this file the byte whose offset is the port.
LOCK_FILE = "/tmp/nanobot-test-ports.lock"


def _open_lock_file() -> int:
    for flags in (0, os.O_CREAT | os.O_EXCL, 0):
        try:
            descriptor = os.open(LOCK_FILE, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | flags, 0o666)
        except (FileNotFoundError, FileExistsError):
            continue
        if flags:
            os.fchmod(descriptor, 0o666)
        return descriptor
    raise FileNotFoundError(LOCK_FILE)


# Never closed: the locks end with the process.
_lock = _open_lock_file()
# Below what the kernel gives to outgoing connections, and each at most once.
_start = random.randrange(10_000, 32_000)
_ports = iter([*range(_start, 32_000), *range(10_000, _start)])


def _reserve(port: int) -> bool:
    try:
        fcntl.lockf(_lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except BlockingIOError:
        return False
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on which nothing listens, reserved until this process ends."""
    return next(port for port in _ports if _reserve(port))


class Program:
    """A process, with its output in files of its directory."""

    def __init__(self, arguments: list[str], directory: Path, environment: dict[str, str] | None = None):
        directory.mkdir(exist_ok=True)
        self._output, self._error = directory / "stdout", directory / "stderr"
        with open(self._output, "w") as output, open(self._error, "w") as error:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=error, env=environment, start_new_session=True,
                # Ignored if the tests run in the background of a shell, and what they start would inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        # A test that fails ends nothing. What it started by itself ends with it.
        atexit.register(self._process.kill)

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def error(self) -> str:
        return self._error.read_text()

    def wait_for_output(self, text: str) -> None:
        """Waits until a whole line with this text was written."""
        eventually(lambda: text in self.output and self.output.endswith("\n") or self._process.poll() is not None)
        assert text in self.output, f"it says nothing of {text!r}: {self.output}{self.error}"

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and gives the exit status, or the number of the signal that ended it, negative. SIGINT goes to what it started,
        too, as Ctrl-C does."""
        if self._process.poll() is None:
            (os.killpg if number == signal.SIGINT else os.kill)(self._process.pid, number)
        try:
            return self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def status(self) -> int:
        """Waits for its end, and gives the exit status."""
        return self._process.wait(120)
