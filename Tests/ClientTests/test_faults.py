"""llmock fails in every way that has a status, and the client gets what the API's error table says."""

import pytest

from nanobot import Nanobot
from peer import Peer


def fail(status: int, **fields: object) -> dict:
    return {"type": "fail", "status": status, **fields}


# What the peer does, and the status, the code and the Retry-After that the client gets.
FAULTS = [
    (fail(400, message="That is too hot"), 400, "invalid_value", None),
    (fail(401, message="The key sk-1 is wrong"), 502, "upstream_error", None),
    (fail(403), 502, "upstream_error", None),
    (fail(404), 404, "model_not_found", None),
    (fail(413), 413, "request_too_large", None),
    (fail(422), 422, "invalid_value", None),
    (fail(429, retry_after=7), 429, "rate_limit_exceeded", "7"),
    (fail(500), 502, "upstream_error", None),
    (fail(502), 502, "upstream_error", None),
    (fail(503), 502, "upstream_error", None),
    (fail(529), 502, "upstream_error", None),
]


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault, status, code, retry_after", FAULTS, ids=[str(fault["status"]) for fault, *_ in FAULTS])
def test_a_status_is_mapped(
    plain_server: Nanobot, peer: Peer, key: str, streams: bool, fault: dict, status: int, code: str, retry_after: str | None
):
    assert plain_server.ask(key, "before").status_code == 200
    peer.script(fault)
    response = plain_server.ask(key, "Hello", stream=streams)
    expect_error(response, status, code)
    assert response.headers.get("retry-after") == retry_after
    # Whose key is wrong is not the client's business.
    assert "sk-1" not in response.text
    if status == 400:
        assert response.json()["error"]["message"] == fault["message"]
    assert len(peer.requests()) == 2
    expect_recovery(plain_server, key)


def test_a_reply_that_takes_too_long_is_a_timeout(hasty_server: Nanobot, peer: Peer, key: str):
    assert hasty_server.ask(key, "before").status_code == 200
    peer.script({"type": "delay", "seconds": 60})
    response = hasty_server.ask(key, "Hello")
    expect_error(response, 504, "upstream_timeout")
    assert response.json()["error"]["message"] == "Request timed out after 4s"
    expect_recovery(hasty_server, key)


def test_a_late_reply_is_waited_for(server: Nanobot, peer: Peer, key: str):
    peer.script({"type": "delay", "seconds": 1})
    assert server.ask(key, "Hello").status_code == 200
    assert len(server.turns(key)) == 1


def test_a_peer_that_is_gone_is_a_503_until_it_is_back(plain_server: Nanobot, peer: Peer, key: str):
    assert plain_server.ask(key, "before").status_code == 200
    peer.kill()
    response = plain_server.ask(key, "Hello")
    peer.start()
    expect_error(response, 503, "upstream_unavailable")
    assert response.headers["retry-after"] == "5"
    expect_recovery(plain_server, key)


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("status", [429, 502, 503])
def test_what_passes_is_asked_again(server: Nanobot, peer: Peer, key: str, status: int, streams: bool):
    peer.script(fail(status, retry_after=1, times=2))
    response = server.ask(key, "Hello", stream=streams)
    assert response.status_code == 200, response.text
    assert len(peer.requests()) == 3
    assert len(server.turns(key)) == 1
    # It judges by when it was asked again, and how often.
    assert peer.verdict()["findings"] == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_does_not_pass_is_asked_once(server: Nanobot, peer: Peer, key: str, status: int):
    peer.script(fail(status))
    assert server.ask(key, "Hello").status_code == (502 if status in (401, 403) else status)
    assert len(peer.requests()) == 1
    assert peer.verdict()["findings"] == []
    assert server.turns(key) == []


def expect_error(response, status: int, code: str) -> None:
    """An error of the API, whole."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["code"] == code
    assert error["type"] == ("server_error" if status >= 500 else "invalid_request_error")


def expect_recovery(server: Nanobot, key: str) -> None:
    """A turn failed between two that did not: it is not there."""
    assert server.ask(key, "after").status_code == 200
    assert [turn["messages"][0]["content"] for turn in server.turns(key)] == ["before", "after"]
