"""The test of these tests: GlusterFS as it comes loses turns, and they see it."""

import os
import time
from pathlib import Path

from cluster import NETWORK, Cluster
from clients import Conversation, Page
from gluster import Gluster
from judge import faults, texts
from machine import Machine


def test_turns_that_are_lost_are_seen(network: None) -> None:
    directory = Path(os.environ["NANOBOT_CLUSTER"]) / "defaults"
    storage = Gluster(Machine("storage", f"{NETWORK}.5"), directory, with_settings=False)
    cluster = Cluster(storage, mount_options="_netdev")
    found: list[str] = []
    try:
        for number in range(20):
            conversation = Conversation(f"lost:{number}")
            clients = [cluster.client(host) for host in cluster.hosts[:2]]
            for turn in range(6):
                clients[turn % 2].turn(conversation)
            # Not what a host believes, but what is on the disk.
            file = next(directory.glob(f"brick*/data/sessions/{conversation.file}"))
            page = Page(texts(file.read_text()), time.monotonic(), time.monotonic(), "the file")
            found += [fault for fault in faults(conversation, page) if "is lost" in fault]
            if found:
                break
    finally:
        cluster.close()
    print(f"\ngluster with its defaults: {found}, of 6 turns in turn on two hosts")
    assert found
