import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Sequence

BRIDGE = "cluster"
# Of these a machine has its own: they begin empty, and end with it.
OWN = ["/run", "/srv", "/var/log", "/var/lib/ceph", "/var/lib/glusterd"]

# Changes in these are its own, too.
CHANGED = ["/etc", "/usr/local/bin"]


class Machine:
    """A machine of the test: a name, a network address and mounts of its own, on a bridge with the others.

    Other files are this system's.
    """

    def __init__(self, name: str, address: str):
        self.name, self.address = name, address
        self._processes: list[subprocess.Popen] = []
        own = "\n".join(f"mkdir -p {path} && mount -t tmpfs -o mode=755 tmpfs {path}" for path in OWN)
        changed = "\n".join(
            f"mkdir -p /mnt/{path} /mnt/work{path} && mount -t overlay -o lowerdir={path},upperdir=/mnt/{path},workdir=/mnt/work{path} overlay {path}"
            for path in CHANGED
        )
        script = f"""set -e
            hostname {name}
            ip link set lo up
            mount -t tmpfs tmpfs /mnt
            {changed}
            {own}
            mkdir -p /run/lock /var/log/nginx /var/log/ceph /var/log/glusterfs /run/gluster
            echo
            exec sleep infinity >/dev/null"""
        self._first = subprocess.Popen(["unshare", "--net", "--mount", "--uts", "sh", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self._first.stdout is not None and self._first.stdout.read(1), f"{name} has no namespaces"
        pid = self._first.pid
        call(f"ip link add v-{name} type veth peer name eth0 netns {pid}")
        call(f"ip link set v-{name} master {BRIDGE} up")
        self.run(f"ip address add {address}/24 dev eth0 && ip link set eth0 up")

    def command(self, command: str | Sequence[str], prefix: Sequence[str] = ()) -> list[str]:
        """What runs a command there. A text is a shell's."""
        words = ["sh", "-c", command] if isinstance(command, str) else list(command)
        return [*prefix, "nsenter", f"--target={self._first.pid}", "--net", "--mount", "--uts", *words]

    def add(self, path: str, inside: str) -> None:
        """Gives the machine a file or a socket of this one, at another path."""
        self.run(f"mkdir -p {os.path.dirname(inside)} && touch {inside} && mount --bind {path} {inside}")

    def run(self, command: str | Sequence[str], status: int | None = 0, within: float = 300, give: str = "") -> str:
        """Runs a command there, and gives all that it wrote."""
        done = subprocess.run(
            self.command(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=within, input=give, errors="replace"
        )
        assert status is None or done.returncode == status, f"{self.name}: {command}: status {done.returncode}\n{done.stdout}"
        return done.stdout

    def start(self, command: str | Sequence[str], log: str, prefix: Sequence[str] = (), descriptors: Sequence[int] = ()) -> subprocess.Popen:
        """Starts a program there, which ends with the machine.

        - log: the file for what it writes.
        - prefix: a command to put before it, which ends in running it.
        - descriptors: what it gets open beside the standard ones.
        """
        words = shlex.split(command) if isinstance(command, str) else command
        with open(log, "ab") as output:
            process = subprocess.Popen(
                self.command(words, prefix), stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=descriptors, start_new_session=True
            )
        self._processes.append(process)
        return process

    def cut_off(self) -> None:
        """Takes the machine off the network: what is under way there goes on."""
        call(f"ip link set v-{self.name} down")

    def heal(self) -> None:
        call(f"ip link set v-{self.name} up")

    def close(self) -> None:
        call(f"ip link delete v-{self.name}")
        # Daemons, too, that started themselves anew.
        network = os.readlink(f"/proc/{self._first.pid}/ns/net")
        for number in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{number}/ns/net") == network:
                    os.kill(number, signal.SIGKILL)
        for process in [*self._processes, self._first]:
            process.wait(60)


def call(command: str) -> None:
    """Runs a command on the machine that the others are connected to."""
    subprocess.run(shlex.split(command), check=True, stdin=subprocess.DEVNULL)


def make_network(address: str) -> None:
    """Makes the bridge, and gives this end of it the address."""
    call("ip link set lo up")
    call(f"ip link add {BRIDGE} type bridge")
    call(f"ip address add {address}/24 dev {BRIDGE}")
    call(f"ip link set {BRIDGE} up")


def wait_until(condition: Callable[[], bool], what: str, within: float = 120) -> None:
    """Waits for what must come true."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.05)
