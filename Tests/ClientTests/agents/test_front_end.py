"""What a front end such as Open WebUI sends if somebody regenerates an answer or edits what was said: the whole conversation as it shows
it, with `x-session-mode: mirror`. Front ends need a browser, so the requests are made here."""

import httpx
import pytest

from conversation import asked, given, stored
from nanobot import Nanobot, frames, text_of
from peer import Peer, says


class FrontEnd:
    """A conversation that is shown, as texts: questions and answers in turn."""

    def __init__(self, server: Nanobot, key: str):
        self._url = f"{server.url}/chat/completions"
        self._key = key
        self.shown: list[str] = []

    def ask(self, text: str) -> None:
        self.shown.append(text)
        self._complete()

    def regenerate(self, retries: int = 0) -> None:
        """Asks for another last answer, or if it counts retries for the same."""
        del self.shown[-1]
        self._complete(retries)

    def edit(self, index: int, text: str) -> None:
        """Changes a question, and drops all behind it."""
        self.shown[index:] = [text]
        self._complete()

    def _complete(self, retries: int = 0) -> None:
        messages = [{"role": "assistant" if index % 2 else "user", "content": text} for index, text in enumerate(self.shown)]
        messages.insert(0, {"role": "system", "content": "Be brief."})
        body = {"model": "nanobot", "stream": True, "messages": messages}
        headers = {"x-session-key": self._key, "x-session-mode": "mirror", "x-stainless-retry-count": str(retries)}
        response = httpx.post(self._url, json=body, headers=headers, timeout=120)
        assert response.status_code == 200, response.text
        self.shown.append(text_of(frames(response)))

    @property
    def lines(self) -> list[str]:
        return [f"{'assistant' if index % 2 else 'user'}: {text}" for index, text in enumerate(self.shown)]


@pytest.fixture
def front_end(server: Nanobot, key: str) -> FrontEnd:
    return FrontEnd(server, key)


def begin(front_end: FrontEnd, peer: Peer) -> None:
    peer.script(says("Hello, Bob."), says("You are Rob."))
    front_end.ask("I am Bob.")
    front_end.ask("Who am I?")


def expect(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str, *lines: str) -> None:
    """The front end, the peer and the file agree."""
    assert front_end.lines == [*lines]
    assert asked(peer) == ["system: Be brief.", *lines[:-1]]
    assert stored(server, key) == [*lines]


FIRST = ["user: I am Bob.", "assistant: Hello, Bob."]


def test_it_goes_on(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    before = server.archived()
    begin(front_end, peer)
    expect(front_end, server, peer, key, *FIRST, "user: Who am I?", "assistant: You are Rob.")
    assert given(server, key) == [False, False]
    # Nothing was cut.
    assert server.archived() == before


def test_it_regenerates(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    begin(front_end, peer)
    peer.script(says("You are Bob."))
    front_end.regenerate()
    expect(front_end, server, peer, key, *FIRST, "user: Who am I?", "assistant: You are Bob.")
    assert "You are Rob." in server.archived()


def test_it_regenerates_the_first_answer(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, Rob."), says("Hello, Bob."), says("You are Bob."))
    front_end.ask("I am Bob.")
    front_end.regenerate()
    expect(front_end, server, peer, key, *FIRST)
    front_end.ask("Who am I?")
    expect(front_end, server, peer, key, *FIRST, "user: Who am I?", "assistant: You are Bob.")


def test_a_retry_regenerates_nothing(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    begin(front_end, peer)
    front_end.regenerate(retries=1)
    assert len(peer.requests()) == 2
    expect(front_end, server, peer, key, *FIRST, "user: Who am I?", "assistant: You are Rob.")


def test_a_question_is_edited(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    begin(front_end, peer)
    peer.script(says("Hello, Tom."))
    front_end.edit(0, "I am Tom.")
    expect(front_end, server, peer, key, "user: I am Tom.", "assistant: Hello, Tom.")


def test_an_answer_is_edited(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    begin(front_end, peer)
    front_end.shown[1] = "Hello, Robert."
    peer.script(says("Bye."))
    front_end.ask("Bye.")
    expect(
        front_end, server, peer, key,
        "user: I am Bob.", "assistant: Hello, Robert.", "user: Who am I?", "assistant: You are Rob.", "user: Bye.", "assistant: Bye.",
    )


def test_the_first_question_and_its_answer_are_deleted(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    begin(front_end, peer)
    del front_end.shown[:2]
    peer.script(says("Bye."))
    front_end.ask("Bye.")
    # The model does not see them. The file keeps them: the front end may only have left them out, as a chat that is long.
    assert asked(peer)[1:] == ["user: Who am I?", "assistant: You are Rob.", "user: Bye."]
    assert stored(server, key) == [*FIRST, "user: Who am I?", "assistant: You are Rob.", "user: Bye.", "assistant: Bye."]


def test_an_older_question_and_its_answer_are_deleted(front_end: FrontEnd, server: Nanobot, peer: Peer, key: str):
    begin(front_end, peer)
    peer.script(says("Bye."))
    front_end.ask("Bye.")
    del front_end.shown[2:4]
    peer.script(says("Hi."))
    front_end.ask("Hello.")
    expect(front_end, server, peer, key, *FIRST, "user: Bye.", "assistant: Bye.", "user: Hello.", "assistant: Hi.")


def test_a_failed_answer_cuts_nothing(plain_server: Nanobot, peer: Peer, key: str):
    front_end = FrontEnd(plain_server, key)
    begin(front_end, peer)
    peer.script({"type": "fail", "status": 503})
    with pytest.raises(AssertionError):
        front_end.regenerate()
    assert stored(plain_server, key) == [*FIRST, "user: Who am I?", "assistant: You are Rob."]
