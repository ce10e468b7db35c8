import os
import time

from ceph import Ceph
from clients import Client, Conversation, Page
from gluster import Gluster
from held_model import HeldModel
from host import MOUNT, USER, Front, Host
from judge import faults, texts
from machine import Machine

# The test itself is 10.77.0.1.
NETWORK = "10.77.0"


class Cluster:
    """Three hosts on one file system, and a front."""

    def __init__(self, storage: Ceph | Gluster, mount_options: str | None = None):
        """mount_options: in place of what the unit says."""
        self.storage = storage
        self.model = HeldModel(f"{storage.directory}/model")
        self.hosts = [
            Host(Machine(f"h{host}", f"{NETWORK}.{10 + host}"), storage, os.environ["NANOBOT_BINARY"], self.model, f"{NETWORK}.2", mount_options)
            for host in (1, 2, 3)
        ]
        self.front = Front(Machine("front", f"{NETWORK}.2"), [host.machine.address for host in self.hosts], storage.directory)
        first = self.hosts[0]
        first.machine.run(f"chown {USER}:{USER} {MOUNT} && chmod 700 {MOUNT}")
        self.id = first.run(f"cluster init {MOUNT}/data").strip()
        for host in self.hosts:
            host.configure(self.id)
        self.secret = first.run("keys add --name test --scope '*' --config /etc/nanobot/config.json").splitlines()[0]
        keys = first.machine.run("cat /etc/nanobot/keys.json")
        for host in self.hosts:
            host.machine.run("cd /etc/nanobot && umask 077 && cat >keys.json && chown nanobot:nanobot keys.json", give=keys)
            host.start()

    def client(self, *hosts: Host, through_front: bool = False, timeout: float = 20) -> Client:
        """A client that asks these hosts, all of them if none is named, or the front."""
        addresses = [self.front.address] if through_front else [host.address for host in hosts or self.hosts]
        return Client(addresses, self.secret, timeout)

    def judge(self, *conversations: Conversation) -> None:
        """Every acknowledged turn is there once and in order, in valid files, and on every host they are the same."""
        found = []
        for conversation in conversations:
            begun = time.monotonic()
            files = [host.read(conversation.file) for host in self.hosts]
            if len(set(files)) != 1:
                found.append(f"{conversation.key} is not the same on every host")
            stored = [Page(texts(file), begun, time.monotonic(), f"{host.machine.name}'s file") for file, host in zip(files, self.hosts)]
            found += [f"{conversation.key}: {fault}" for page in [*conversation.pages, *stored] for fault in faults(conversation, page)]
        assert not found, "\n".join(found[:20])
        assert any(turn.acknowledged for conversation in conversations for turn in conversation.turns)
        for host in self.hosts:
            host.run("sessions verify --config /etc/nanobot/config.json")

    def close(self) -> None:
        self.model.close()
        for host in self.hosts:
            host.close()
        self.front.machine.close()
        self.storage.close()
