import json
import os
import signal
import socket
import subprocess
from pathlib import Path

from clients import Connection
from files import CLUSTER, DEPLOY, fill, unit
from held_model import HeldModel
from machine import Machine, wait_until

USER = 61_234
MOUNT = "/srv/nanobot"
RESTART = "systemctl restart srv-nanobot.mount"
PROGRAM = "/usr/local/bin/nanobot"
# Where a host finds the model that the test holds.
MODEL = "/run/model/socket"
# Requests of one session that a host lets through: tests have few sessions and are in a hurry.
FAST = {"rate=10r/s": "rate=10000r/s", "rate=100r/s": "rate=10000r/s", "worker_processes auto": "worker_processes 1"}


def nginx_file(name: str) -> str:
    """A file of deploy/nginx, for clients in a hurry."""
    text = (DEPLOY / "nginx" / name).read_text()
    for old, new in FAST.items():
        text = text.replace(old, new)
    return text


class Host:
    """A machine that runs nanobot behind an nginx of its own, as deploy/cluster says. There is no systemd: what its units say is done by hand."""

    def __init__(self, machine: Machine, storage, program: str, model: HeldModel, front: str, options: str | None = None):
        """options: those of the mount, in place of what the unit says."""
        self.machine, self.storage = machine, storage
        self.address = (machine.address, 8900)
        self.log = f"{storage.directory}/{machine.name}.log"
        machine.add(program, PROGRAM)
        machine.run("cat >/usr/local/bin/systemctl && chmod 755 /usr/local/bin/systemctl", give='#!/bin/sh\necho "systemctl $*"\n')
        machine.add(model.path, MODEL)
        storage.prepare(machine)
        self._mount = storage.unit
        self._options = options or self._mount["Options"]
        machine.run("mkdir -p /etc/sysusers.d && cat >/etc/sysusers.d/nanobot.conf", give=fill("systemd/sysusers.conf", {}))
        machine.run("systemd-sysusers nanobot.conf")
        assert self._mount["Where"] == MOUNT
        machine.run(f"mkdir -p {MOUNT}")
        self.mount()
        self._configure_nginx(front)

    def mount(self) -> None:
        """Does what the mount unit says."""
        server = {"10.0.0.5": self.storage.machine.address}
        what = self._mount["What"]
        for old, new in server.items():
            what = what.replace(old, new)
        self.machine.run(["mount", "-t", self._mount["Type"], "-o", self._options, what, MOUNT])
        # A new file system of ceph's has no room until its manager has counted it.
        wait_until(lambda: self.machine.run(f"stat --file-system --format %a {MOUNT}").strip() != "0", "there is room")
        # A daemon that is killed leaves its mount; the test's end needs to find it.
        number = self.machine.run(f"mountpoint -d {MOUNT}").strip().split(":")[1]
        with open(os.environ["NANOBOT_CLUSTER"] + "/mounts", "a") as list:
            list.write(f"{number}\n")

    def unmount(self) -> None:
        assert self._mount["LazyUnmount"] == "yes"
        self.machine.run(f"umount --lazy {MOUNT}")

    def watch_mount(self) -> bool:
        """What nanobot-mount-watch.timer does from time to time; gives whether it mounted anew."""
        said = self.machine.run(["sh", str(CLUSTER / "mount-watch")], within=300)
        if RESTART not in said:
            return False
        self.machine.run(f"umount --lazy {MOUNT} 2>/dev/null || true")
        self.mount()
        return True

    def _configure_nginx(self, front: str) -> None:
        machine = self.machine
        machine.run("rm -f /etc/nginx/sites-enabled/*; mkdir -p /etc/nginx/snippets /run/nanobot && rm -f /etc/nginx/modules-enabled/*")
        machine.run("cat >/etc/nginx/conf.d/nanobot.conf", give=nginx_file("nanobot.conf"))
        machine.run("cat >/etc/nginx/snippets/nanobot-server.conf", give=nginx_file("nanobot-server.conf"))
        addresses = {"10.0.0.11": machine.address, "10.0.0.1;": f"{front};", "10.0.0.0/24": front.rsplit(".", 1)[0] + ".0/24"}
        machine.run("cat >/etc/nginx/conf.d/nanobot-host.conf", give=fill("nginx/host.conf", addresses))
        machine.run("sed -i 's/worker_processes auto/worker_processes 1/' /etc/nginx/nginx.conf")
        machine.start(["nginx", "-g", "daemon off;"], f"{self.storage.directory}/{machine.name}.nginx.out")
        self._listen()

    def _listen(self) -> None:
        """What nanobot.socket says."""
        path = f"{self.storage.directory}/{self.machine.name}.socket"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen(512)
        described = unit("systemd/nanobot.socket")
        self.machine.add(path, described["ListenStream"])
        self.machine.run(f"chown {described['SocketUser']} {path} && chmod {described['SocketMode']} {path}")

    def configure(self, cluster: str, **settings: object) -> None:
        """Writes the configuration file."""
        config = json.loads(fill("config.json", {"ID": cluster}))
        config["stream"] = True
        config["models"] = {"nanobot": {}, "slow": {"upstream": {"url": f"http://unix:{MODEL}:/v1"}, "model": "m"}}
        self.machine.run("install -d -o nanobot -g nanobot /etc/nanobot && cat >/etc/nanobot/config.json", give=json.dumps(config | settings))

    def run(self, command: str, status: int | None = 0) -> str:
        """Runs the program as the service's user."""
        words = f"setpriv --reuid={USER} --regid={USER} --clear-groups {PROGRAM} {command}"
        return self.machine.run(words, status)

    def start(self) -> None:
        """What nanobot.service says, with the drop-in."""
        service = unit("systemd/nanobot.service") | unit("cluster/systemd/nanobot.service.d/cluster.conf")
        assert service["DynamicUser"] == "no"
        command = service["ExecStart"].split()
        assert command[0] == PROGRAM
        number = self._socket.fileno()
        activation = ["bash", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<&{number}', "bash"]
        user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        self._service = self.machine.start([*user, *command], self.log, activation, [number])

    def kill(self, with_supervisor: bool = False) -> None:
        """Kills the responder, which the supervisor starts again; or both, which systemd starts again."""
        children = Path(f"/proc/{self._service.pid}/task/{self._service.pid}/children").read_text().split()
        if with_supervisor:
            self._service.kill()
            self._service.wait(60)
        for child in children:
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
        if with_supervisor:
            self.start()

    def stop(self) -> None:
        """Ends the program in the ordinary way."""
        self._service.terminate()
        assert self._service.wait(60) == 0

    def requests(self) -> int:
        """How many requests it has answered."""
        with open(self.log) as log:
            return sum(" status=" in line for line in log)

    def serves(self) -> bool:
        """Whether a turn could be stored there now."""
        return Connection(self.address, 10).ask("GET", "/ready").status == 200

    def read(self, name: str) -> str:
        """A session's file, as this host sees it. One that was removed has no turns."""
        directory = f"{MOUNT}/data/sessions"
        there = name in self.machine.run(f"ls {directory}").split()
        return self.machine.run(["cat", f"{directory}/{name}"]) if there else '{"turns":[]}'

    def close(self) -> None:
        self._socket.close()
        self.machine.close()


class Front:
    """The nginx in front of the hosts."""

    def __init__(self, machine: Machine, hosts: list[str], directory: Path):
        self.machine = machine
        self.address = (machine.address, 80)
        for line in fill("sysctl.conf", {}).splitlines():
            if "=" in line:
                machine.run(["sysctl", "-q", "-w", line.replace(" ", "")])
        addresses = {f"10.0.0.1{number}": host for number, host in enumerate(hosts, 1)}
        machine.run("rm -f /etc/nginx/sites-enabled/* /etc/nginx/modules-enabled/*; mkdir -p /run")
        machine.run("cat >/etc/nginx/conf.d/nanobot.conf", give=nginx_file("nanobot.conf"))
        machine.run("cat >/etc/nginx/conf.d/nanobot-front.conf", give=fill("nginx/front.conf", addresses))
        machine.run("sed -i 's/worker_processes auto/worker_processes 1/' /etc/nginx/nginx.conf")
        machine.start(["nginx", "-g", "daemon off;"], f"{directory}/{machine.name}.nginx.out")
