"""llmock breaks streams at every point that matters: before the first word, within the answer, and after its end."""

import pytest

from nanobot import Nanobot, frames, text_of
from peer import Peer

# The peer's chunks: the role, three words, the reason, the usage, [DONE].
ANSWER = {"type": "reply", "text": "one two three"}


def fault(kind: str, after_chunks: int) -> dict:
    seconds = {"stall_seconds": 60} if kind == "stall" else {}
    return {"type": "stream_fault", "kind": kind, "after_chunks": after_chunks, **seconds}


@pytest.fixture(params=["disconnect", "truncate", "malformed", "stall"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def failing_server(kind: str, hasty_server: Nanobot, plain_server: Nanobot) -> Nanobot:
    return hasty_server if kind == "stall" else plain_server


def code(kind: str) -> str:
    return "upstream_timeout" if kind == "stall" else "upstream_error"


@pytest.mark.parametrize("after_chunks", [0, 1])
def test_before_the_first_word_it_is_an_error_with_a_status(
    failing_server: Nanobot, peer: Peer, key: str, kind: str, after_chunks: int
):
    peer.script(ANSWER, fault(kind, after_chunks))
    response = failing_server.ask(key, "Hello", stream=True)
    assert response.status_code == (504 if kind == "stall" else 502), response.text
    assert response.json()["error"]["code"] == code(kind)
    assert failing_server.turns(key) == []
    assert failing_server.ask(key, "again", stream=True).status_code == 200


def test_within_the_answer_it_is_an_error_frame(failing_server: Nanobot, peer: Peer, key: str, kind: str):
    peer.script(ANSWER, fault(kind, 3))
    response = failing_server.ask(key, "Hello", stream=True)
    assert response.status_code == 200
    events = frames(response)
    assert text_of(events) == "one two "
    assert events[-1]["error"]["code"] == code(kind)
    assert "[DONE]" not in events
    assert failing_server.turns(key) == []
    # Words that a client has seen are not said anew.
    assert len(peer.requests()) == 1
    assert failing_server.ask(key, "again", stream=True).status_code == 200
    assert len(failing_server.turns(key)) == 1


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "stall"], indirect=True)
def test_after_its_end_the_answer_is_whole(failing_server: Nanobot, peer: Peer, key: str, kind: str):
    peer.script(ANSWER, fault(kind, 5))
    events = frames(failing_server.ask(key, "Hello", stream=True))
    assert text_of(events) == "one two three"
    assert events[-1] == "[DONE]"
    assert [turn["messages"][-1]["content"] for turn in failing_server.turns(key)] == ["one two three"]


def test_a_slow_first_word_is_waited_for(server: Nanobot, peer: Peer, key: str):
    peer.script(ANSWER, {"type": "slow_first_token", "seconds": 1})
    events = frames(server.ask(key, "Hello", stream=True))
    assert text_of(events) == "one two three" and events[-1] == "[DONE]"
    assert len(server.turns(key)) == 1


def test_a_first_word_that_does_not_come_is_a_timeout(hasty_server: Nanobot, peer: Peer, key: str):
    peer.script(ANSWER, {"type": "slow_first_token", "seconds": 60})
    response = hasty_server.ask(key, "Hello", stream=True)
    assert response.status_code == 504 and response.json()["error"]["code"] == "upstream_timeout"
    assert hasty_server.turns(key) == []
