import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class Host:
    """A plain Debian, with changes of its own. It is mounted at a short path, because a Unix socket's may have 107 bytes."""

    root = Path("/mnt")

    def __init__(self, debian: str):
        """debian: the code name of its version."""
        self._plain = f"{os.environ['NANOBOT_PLAIN_HOSTS']}/{debian}"

    def __enter__(self) -> "Host":
        self._processes: list[subprocess.Popen] = []
        changes = tempfile.mkdtemp(dir=os.environ["NANOBOT_HOSTS"])
        os.mkdir(f"{changes}/upper")
        os.mkdir(f"{changes}/work")
        layers = f"lowerdir={self._plain},upperdir={changes}/upper,workdir={changes}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", self.root], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", self.root / "proc"], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(60)
        subprocess.run(["umount", "--lazy", self.root / "proc", self.root], check=True)

    def path(self, inside: str) -> Path:
        """A file of the host, by its path there."""
        return self.root / inside.removeprefix("/")

    def add(self, file: str | Path, inside: str) -> None:
        """Copies a file to the host."""
        shutil.copy(file, self.path(inside))

    def run(self, command: str, user: str = "root", status: int = 0) -> str:
        """Runs a shell's command there, and gives all that it wrote."""
        done = subprocess.run(
            [*self._inside(user), "sh", "-c", command],
            env=self._environment(user), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == status, f"{command}: status {done.returncode}\n{done.stdout}"
        return done.stdout

    def start(self, command: str, user: str = "root", prefix: Sequence[str] = (), descriptors: Sequence[int] = ()) -> subprocess.Popen:
        """Starts a program there, which ends with the host.

        - prefix: a command to put before it, which ends in running it.
        - descriptors: what it gets open beside the standard ones.
        """
        process = subprocess.Popen(
            [*prefix, *self._inside(user), *shlex.split(command)],
            # In a session of its own: Apache's prefork ends the whole group.
            env=self._environment(user), stdin=subprocess.DEVNULL, pass_fds=descriptors, start_new_session=True,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def _inside(self, user: str) -> list[str]:
        return ["chroot", f"--userspec={user}", str(self.root)]

    def _environment(self, user: str) -> dict[str, str]:
        home = "/root" if user == "root" else f"/home/{user}"
        return {"HOME": home, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def wait_until(condition: Callable[[], bool], what: str, within: float = 60) -> None:
    """Waits for what must come true."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.01)
