"""Hosts that are cut off, metadata servers that are killed and mounts that are gone. Each test prints how long there was silence."""

import threading
import time
from collections.abc import Callable

import pytest
from clients import Client, Conversation, Crowd, Turn
from cluster import Cluster
from host import MOUNT, Host
from machine import wait_until

# What storage systems wait for before they give up on a host is minutes.
PATIENCE = 600


class Slow:
    """A turn whose model answers when the test says so, asked for through the front and again by its key until it is acknowledged."""

    def __init__(self, cluster: Cluster, conversation: Conversation, text: str):
        self.turn = Turn(text, time.monotonic())
        conversation.turns.append(self.turn)
        self._cluster, self._conversation = cluster, conversation
        self.failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._ask, args=[cluster.client(through_front=True, timeout=PATIENCE)], daemon=True)
        self._thread.start()
        assert cluster.model.asked[text].wait(60)

    def _ask(self, client: Client) -> None:
        try:
            client.try_until_acknowledged(self.turn, self._conversation, PATIENCE, model="slow")
        except BaseException as error:
            self.failures.append(error)

    def wait(self) -> None:
        self._thread.join(PATIENCE)
        assert not self.failures and self.turn.acknowledged is not None, self.failures


def owner(cluster: Cluster, conversation: Conversation) -> Host:
    """The host that the front sends a session to. The session gets a turn."""
    before = [host.requests() for host in cluster.hosts]
    cluster.client(through_front=True).turn(conversation)
    [found] = [host for host, count in zip(cluster.hosts, before) if host.requests() > count]
    return found


def owned(cluster: Cluster, host: Host, name: str) -> Conversation:
    """A session that the front sends to this host."""
    for number in range(100):
        conversation = Conversation(f"{name}:{number}")
        if owner(cluster, conversation) is host:
            return conversation
    raise AssertionError("the front sends no session to that host")


def silence(client: Client, conversation: Conversation, since: float) -> float:
    """How long it takes until the session gets a turn."""
    client.turn(conversation, within=PATIENCE)
    return time.monotonic() - since


def test_a_host_that_is_cut_off_for_some_seconds_stores_its_slow_turn_once(cluster: Cluster) -> None:
    held = Conversation("cut:0")
    host = owner(cluster, held)
    others = [one for one in cluster.hosts if one is not host]
    slow = Slow(cluster, held, "slow-cut-0")
    host.machine.cut_off()
    cut = time.monotonic()
    # Somebody has given up, and asks another host.
    again = cluster.client(*others, timeout=PATIENCE)
    retry = threading.Thread(target=lambda: again.try_until_acknowledged(slow.turn, held, PATIENCE, model="slow"), daemon=True)
    retry.start()
    time.sleep(3)
    host.machine.heal()
    cluster.model.release(slow.turn.text)
    slow.wait()
    retry.join(PATIENCE)
    assert not retry.is_alive()
    print(f"\n{cluster.storage.name}: a host cut off for 3 s answers after {silence(cluster.client(host), held, cut):.1f} s")
    cluster.judge(held)


def test_a_slow_turn_of_a_host_that_stays_cut_off_is_stored_once(cluster: Cluster) -> None:
    held, elsewhere, new = Conversation("gone:0"), Conversation("gone-elsewhere:0"), Conversation("gone-new:0")
    host = owner(cluster, held)
    idle = owned(cluster, host, "gone-idle")
    others = [one for one in cluster.hosts if one is not host]
    cluster.client(*others).turn(elsewhere)
    slow = Slow(cluster, held, "slow-gone-0")
    waits: dict[str, float] = {}

    def measure(name: str, client: Client, conversation: Conversation) -> threading.Thread:
        def run() -> None:
            waits[name] = silence(client, conversation, cut)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    host.machine.cut_off()
    cut = time.monotonic()
    threads = [
        measure("sessions of other hosts", cluster.client(*others, timeout=PATIENCE), elsewhere),
        measure("new sessions", cluster.client(*others, timeout=PATIENCE), new),
        measure("its other sessions", cluster.client(through_front=True, timeout=PATIENCE), idle),
    ]
    # The turn ends on a host that reaches nobody.
    cluster.model.release(slow.turn.text)
    slow.wait()
    waits["the session of the turn"] = time.monotonic() - cut
    for thread in threads:
        thread.join(PATIENCE)
    again = cluster.client(*others)
    for _ in range(3):
        again.turn(held)
    host.machine.heal()
    healed = time.monotonic()
    wait_until(lambda: host.watch_mount() or host.serves(), "the host serves or is mounted anew", PATIENCE)
    back = silence(cluster.client(host), held, healed)
    print(f"\n{cluster.storage.name}: a host cut off: " + ", ".join(f"{name} waited {wait:.1f} s" for name, wait in sorted(waits.items())))
    print(f"{cluster.storage.name}: healed, the host serves after {back:.1f} s")
    cluster.judge(held, elsewhere, new, idle)


@pytest.mark.parametrize("cluster", ["ceph"], indirect=True)
def test_turns_are_all_there_after_the_metadata_server_was_killed(cluster: Cluster) -> None:
    conversations = [Conversation(f"metadata:{number}") for number in range(3)]

    def work(client: Client, conversation: Conversation) -> Callable[[], object]:
        return lambda: client.turn(conversation, PATIENCE)

    with Crowd(*[work(cluster.client(timeout=PATIENCE), conversation) for conversation in conversations * 2]) as crowd:
        wait_until(lambda: all(any(turn.acknowledged for turn in one.turns) for one in conversations), "all sessions have turns")
        name = cluster.storage.kill_active()
        killed = time.monotonic()

        def answered_again() -> bool:
            crowd.check()
            return all(any(turn.begun > killed and turn.acknowledged for turn in one.turns) for one in conversations)

        wait_until(answered_again, "all sessions have turns again", PATIENCE)
        cluster.storage.start_metadata(name)
    waited = max(min(turn.acknowledged for turn in one.turns if turn.begun > killed and turn.acknowledged) for one in conversations) - killed
    print(f"\n{cluster.storage.name}: the active metadata server killed: all sessions waited {waited:.1f} s")
    cluster.judge(*conversations)


def test_a_host_without_its_mount_answers_503_and_makes_nothing(cluster: Cluster) -> None:
    conversation = Conversation("unmounted:0")
    host = owner(cluster, conversation)
    direct, front = cluster.client(host), cluster.client(through_front=True)
    host.unmount()
    gone = time.monotonic()
    for key in [conversation.key, "unmounted-new:0"]:
        body = {"model": "nanobot", "messages": [{"role": "user", "content": "Hello"}]}
        answer = direct.ask("POST", "/chat/completions", key, body)
        assert (answer.status, answer.json["error"]["code"]) == (503, "storage_unavailable"), answer
    assert not host.serves()
    assert host.machine.run(f"ls -A {MOUNT}") == ""
    waited = silence(front, conversation, gone)

    # The program comes back by itself, also one that began without the mount.
    host.kill(with_supervisor=True)
    wait_until(lambda: direct.ask("POST", "/chat/completions", conversation.key, body).body.count('storage_unavailable') == 1, "it answers again")
    assert host.machine.run(f"ls -A {MOUNT}") == ""
    assert host.watch_mount()
    mounted = time.monotonic()
    wait_until(host.serves, "the host serves")
    print(
        f"\n{cluster.storage.name}: a mount that is gone: the session waited {waited:.1f} s at the front; "
        f"the host serves {silence(direct, conversation, mounted):.1f} s after it is mounted"
    )
    assert not host.watch_mount()
    cluster.judge(conversation)
