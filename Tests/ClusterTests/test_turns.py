"""Turns and changes from all hosts at once, and responders that are killed meanwhile."""

import os
import time
from collections.abc import Callable

from clients import Client, Conversation, Crowd
from cluster import Cluster

LONG = 20 if "NANOBOT_LONG_TESTS" in os.environ else 1
CLIENTS = 6


def go_on(crowd: Crowd, seconds: float, condition: Callable[[], bool]) -> None:
    """Lets the crowd work for so long, and until the condition is true."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds * LONG or not condition():
        assert time.monotonic() < begun + 240 * LONG
        time.sleep(0.05)
        crowd.check()


def stored(conversations: list[Conversation]) -> int:
    return sum(turn.acknowledged is not None for conversation in conversations for turn in conversation.turns)


def test_turns_from_all_hosts_at_once_are_all_there(cluster: Cluster) -> None:
    conversations = [Conversation(f"turns:{number}") for number in range(3)]

    def work(client: Client) -> Callable[[], object]:
        return lambda: client.turn(client.random.choice(conversations))

    with Crowd(*[work(cluster.client()) for _ in range(CLIENTS)]) as crowd:
        go_on(crowd, 5, lambda: stored(conversations) >= 100)
    print(f"\n{cluster.storage.name}: {stored(conversations)} turns on {len(conversations)} sessions")
    cluster.judge(*conversations)


def test_turns_mixed_with_every_other_change_are_all_there(cluster: Cluster) -> None:
    """Whoever looks, on any host, sees what was acknowledged before, and nothing that was removed."""
    # A new one after some time, because a page shows a thousand messages.
    undone, deleted = [Conversation("undone:0")], [Conversation("deleted:0")]

    def work(client: Client) -> Callable[[], object]:
        def change() -> None:
            for kind in (undone, deleted):
                if len(kind[-1].turns) > 150:
                    kind.append(Conversation(f"{kind[-1].key.split(':')[0]}:{len(kind)}"))
            dice = client.random.random()
            if dice < 0.5:
                client.turn(client.random.choice([undone, deleted])[-1])
            elif dice < 0.65:
                client.look(client.random.choice([undone, deleted])[-1])
            elif dice < 0.8:
                client.undo(undone[-1])
            elif dice < 0.9:
                client.fork(undone[-1])
            else:
                client.delete(deleted[-1])

        return change

    with Crowd(*[work(cluster.client()) for _ in range(CLIENTS)]) as crowd:
        go_on(crowd, 5, lambda: stored(undone + deleted) >= 60)
    all = undone + deleted
    print(
        f"\n{cluster.storage.name}: {stored(all)} turns, {sum(len(one.removals) for one in all)} undone or deleted, "
        f"{sum(len(one.pages) for one in all)} pages and copies"
    )
    cluster.judge(*all)


def test_turns_of_responders_that_are_killed_are_all_there(cluster: Cluster) -> None:
    conversations = [Conversation(f"killed:{number}") for number in range(3)]
    kills = 0

    def work(client: Client) -> Callable[[], object]:
        return lambda: client.turn(client.random.choice(conversations))

    killer = cluster.client().random

    def kill() -> None:
        nonlocal kills
        goal = stored(conversations) + killer.randrange(1, 40)
        begun = time.monotonic()
        while stored(conversations) < goal and time.monotonic() < begun + 10:
            time.sleep(killer.random() * 0.05)
        killer.choice(cluster.hosts).kill(with_supervisor=killer.random() < 0.3)
        kills += 1

    with Crowd(*[work(cluster.client()) for _ in range(CLIENTS)], kill) as crowd:
        go_on(crowd, 10, lambda: kills >= 10 and stored(conversations) >= 100)
    turns = [turn for conversation in conversations for turn in conversation.turns if turn.acknowledged is not None]
    longest = max(turn.acknowledged - turn.begun for turn in turns)
    tries = sum(len(turn.refusals) for turn in turns)
    print(f"\n{cluster.storage.name}: {len(turns)} turns, {kills} responders killed, {tries} tries refused or cut short; the slowest turn took {longest:.1f} s")
    cluster.judge(*conversations)
