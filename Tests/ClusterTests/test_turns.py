"""Turns from all hosts at once, while nothing fails."""

import time

from clients import Conversation, Crowd
from cluster import Cluster


def test_turns_from_all_hosts_at_once_are_all_there(cluster: Cluster) -> None:
    conversations = [Conversation(f"turns:{number}") for number in range(3)]
    works = []
    for number in range(6):
        client = cluster.client()
        works.append(lambda client=client: client.turn(client.random.choice(conversations)))
    with Crowd(*works) as crowd:
        begun = time.monotonic()
        while time.monotonic() < begun + 5 or sum(len(one.turns) for one in conversations) < 100:
            time.sleep(0.1)
            crowd.check()
    count = sum(len(one.turns) for one in conversations)
    print(f"\n{cluster.storage.name}: {count} turns in {time.monotonic() - begun:.0f} s by 6 clients on 3 sessions from 3 hosts")
    cluster.judge(*conversations)
