"""Responses in the background whose program ends before they do."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from openai.types.responses import ResponseStreamEvent

from background import Gate, asked, ended, events_of, gate, settings, start, text_of, upstream  # noqa: F401
from nanobot import Nanobot
from program import eventually
from test_openai import make_client
from test_responses import respond
from upstream import Upstream, answer, whole


def responders() -> set[int]:
    """The processes that answer for servers which this process started."""
    parents, commands = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(path.name)] = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
    mine = {pid for pid, parent in parents.items() if parent == os.getpid()}
    return {pid for pid, parent in parents.items() if parent in mine and b"fastcgi" in commands[pid]}


def kill_responder(before: set[int]) -> None:
    """Kills what was started since, and waits for what takes its place."""
    killed = responders() - before
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: bool(responders() - before - killed))


def test_the_responder_is_killed(tmp_path: Path, upstream: Upstream, gate: Gate, key: str):
    before = responders()
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        upstream.script(gate.before("never"), answer("one"))
        headers = {"Idempotency-Key": "k"}
        lost = start(client, "1", conversation=key, extra_headers=headers)
        assert eventually(lambda: len(upstream.requests) == 1)
        kill_responder(before)
        response = ended(client, lost.id)
        assert (response.status, response.error.code, response.output) == ("failed", "server_error", []) and response.error.message
        assert response.background is True
        assert client.responses.retrieve(lost.id) == response and client.responses.cancel(lost.id) == response
        assert server.turns(key) == []
        gate.open()
        # The same request is answered, and answered once.
        again = ended(client, start(client, "1", conversation=key, extra_headers=headers).id)
        assert (again.status, again.output_text) == ("completed", "one")
        third = ended(client, start(client, "1", conversation=key, extra_headers=headers).id)
        assert third == again
        assert len(upstream.requests) == 2 and len(server.turns(key)) == 1


def test_a_stream_whose_responder_is_killed(tmp_path: Path, upstream: Upstream, gate: Gate):
    before = responders()
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        upstream.script(gate.within("Hello, ", "Bob."))
        seen: list[ResponseStreamEvent] = []
        with pytest.raises(Exception):
            for event in client.responses.create(model="nanobot", input="I am Bob.", background=True, stream=True):
                seen.append(event)
                if event.type == "response.output_text.delta":
                    kill_responder(before)
            # The client takes a stream that is cut for one that has ended.
            assert seen[-1].type in ("response.completed", "response.failed")
        response = ended(client, seen[0].response.id)
        assert response.status == "failed"
        assert "response.failed" in [event["type"] for event in events_of(server, response.id)[-2:]]


def test_a_restart(tmp_path: Path, upstream: Upstream, gate: Gate, key: str):
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        upstream.script(answer("one"), whole({}, 500), gate.within("never ", "ends"))
        whole_one, failed = [ended(client, start(client, text).id) for text in ("1", "2")]
        events = list(client.responses.retrieve(whole_one.id, stream=True))
        running = start(client, "3", conversation=key)
        assert eventually(lambda: len(upstream.requests) == 3)
    with Nanobot(tmp_path / "server", **settings(upstream)) as server:
        client = make_client(server, None)
        assert client.responses.retrieve(whole_one.id) == whole_one and client.responses.retrieve(failed.id) == failed
        assert list(client.responses.retrieve(whole_one.id, stream=True))[-1] == events[-1]
        assert client.responses.cancel(whole_one.id) == whole_one
        stopped = ended(client, running.id)
        assert (stopped.status, stopped.error.code) == ("failed", "server_error")
        assert server.turns(key) == []


def test_two_programs_on_one_directory(tmp_path: Path, upstream: Upstream, gate: Gate, key: str):
    one, two = tmp_path / "one", tmp_path / "two"
    for directory in (one, two):
        directory.mkdir()
    (tmp_path / "data").mkdir(mode=0o700)
    for directory in (one, two):
        (directory / "data").symlink_to(tmp_path / "data")
    with Nanobot(one, **settings(upstream)) as first, Nanobot(two, **settings(upstream)) as second:
        here, there = make_client(first, None), make_client(second, None)
        upstream.script(gate.within("Hello, ", "Bob."), gate.within("never"))
        response = start(here, "I am Bob.")
        assert eventually(lambda: there.responses.retrieve(response.id).status == "in_progress")
        with ThreadPoolExecutor(1) as pool:
            stream = pool.submit(lambda: list(there.responses.retrieve(response.id, stream=True)))
            gate.open()
            events = stream.result(60)
        assert text_of(events) == "Hello, Bob." and events[-1].type == "response.completed"
        assert ended(there, response.id) == ended(here, response.id) == events[-1].response
        held = Gate(upstream)
        upstream.script(held.within("never"))
        other = start(there, "Another", conversation=key)
        assert eventually(lambda: len(upstream.requests) == 1)
        assert here.responses.cancel(other.id).status == "cancelled"
        assert ended(there, other.id).status == "cancelled"
        held.open()
        assert respond(here, "2", conversation=key).status == "completed"
        assert asked(upstream) == ["user: 2"]
