"""The test of these tests: GlusterFS as it comes loses turns, and they see it."""

import time

import pytest
from clients import Conversation, Page
from cluster import Cluster
from conftest import DEFAULTS
from judge import faults, texts


@pytest.mark.parametrize("cluster", [DEFAULTS], indirect=True)
def test_turns_that_are_lost_are_seen(cluster: Cluster) -> None:
    found: list[str] = []
    for number in range(20):
        conversation = Conversation(f"lost:{number}")
        clients = [cluster.client(host) for host in cluster.hosts[:2]]
        for turn in range(6):
            clients[turn % 2].turn(conversation)
        # Not what a host believes, but what is on the disk.
        file = next(cluster.storage.directory.glob(f"brick*/data/sessions/{conversation.file}"))
        page = Page(texts(file.read_text()), time.monotonic(), time.monotonic(), "the file")
        found += [fault for fault in faults(conversation, page) if "is lost" in fault]
        if found:
            break
    print(f"\n{DEFAULTS}: {found}, of 6 turns in turn on two hosts")
    assert found
