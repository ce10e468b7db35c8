import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Address = tuple[str, int]


@dataclass
class Answer:
    status: int
    body: str
    headers: dict[str, str]

    @property
    def json(self) -> dict:
        return json.loads(self.body)


class Connection:
    """A kept connection to one address."""

    def __init__(self, address: Address, timeout: float):
        self._connection = http.client.HTTPConnection(*address, timeout=timeout)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """One request. Status 0 where there is no answer."""
        all = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request(method, path, json.dumps(body) if body is not None else None, all)
            response = self._connection.getresponse()
            return Answer(response.status, response.read().decode(), {name.lower(): value for name, value in response.getheaders()})
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Answer(0, repr(error), {})


@dataclass
class Turn:
    """A turn that a client asked for. Times are of time.monotonic()."""

    text: str
    begun: float
    acknowledged: float | None = None
    # How the tries before the answer ended.
    refusals: list[int] = field(default_factory=list)


@dataclass
class Removal:
    """An undo of a turn, or what removed all of them: then there is no text."""

    begun: float
    ended: float
    text: str | None = None


@dataclass
class Page:
    """What somebody saw of a session."""

    texts: list[str]
    begun: float
    ended: float
    where: str


class Conversation:
    """What clients did to one session, many at once, and what they saw of it."""

    def __init__(self, key: str):
        self.key = key
        self.turns: list[Turn] = []
        self.removals: list[Removal] = []
        self.pages: list[Page] = []

    @property
    def file(self) -> str:
        """The name of its file. Keys of tests have no other characters than these."""
        assert all(letter.isalnum() or letter in "-:" for letter in self.key)
        return self.key.replace(":", "%3A") + ".json"


class Client:
    """Asks for turns, one after the other, and tries each again by its idempotency key until it is acknowledged."""

    numbers = itertools.count()

    def __init__(self, addresses: list[Address], secret: str, timeout: float = 20):
        number = next(self.numbers)
        self.name = f"c{number}"
        self._connections = [Connection(address, timeout) for address in addresses]
        self._secret, self._count = secret, 0
        self.random = random.Random(number)

    def ask(self, method: str, path: str, session: str, body: object = None, **headers: str) -> Answer:
        """One request, to any of the hosts."""
        connection = self.random.choice(self._connections)
        return connection.ask(method, f"/v1{path}", body, x_session_key=session, x_api_key=self._secret, **headers)

    def turn(self, conversation: Conversation, within: float = 240, model: str = "nanobot") -> Turn:
        """One turn, which must be acknowledged within so many seconds."""
        self._count += 1
        turn = Turn(f"{self.name}-{self._count}", time.monotonic())
        conversation.turns.append(turn)
        self.try_until_acknowledged(turn, conversation, within, model)
        return turn

    def try_until_acknowledged(self, turn: Turn, conversation: Conversation, within: float = 240, model: str = "nanobot") -> None:
        """Asks for a turn, which may be another client's, until it is acknowledged."""
        begun = time.monotonic()
        body = {"model": model, "messages": [{"role": "user", "content": turn.text}]}
        while True:
            answer = self.ask("POST", "/chat/completions", conversation.key, body, Idempotency_Key=f"{turn.text}")
            if answer.status == 200:
                turn.acknowledged = min(turn.acknowledged or float("inf"), time.monotonic())
                return
            assert answer.status in (0, 409, 429, 500, 502, 503, 504), f"{turn.text}: {answer}"
            assert answer.status != 409 or "session_busy" in answer.body, answer
            assert answer.status != 500 or "x-outcome" in answer.headers, answer
            turn.refusals.append(answer.status)
            assert time.monotonic() < begun + within, f"{turn}: {answer}"
            time.sleep(0.05 if answer.status else 0.2)


    def undo(self, conversation: Conversation) -> None:
        """Takes the last turn back, if there is one."""
        begun = time.monotonic()
        answer = self.ask("POST", "/session/undo", conversation.key)
        if answer.status == 200:
            conversation.removals.append(Removal(begun, time.monotonic(), asked(answer.json["messages"])[0]))
        else:
            assert answer.status == 404 or "session_busy" in answer.body or '"turns"' in answer.body, answer

    def delete(self, conversation: Conversation) -> None:
        """Removes the session."""
        begun = time.monotonic()
        answer = self.ask("DELETE", "/session", conversation.key)
        assert answer.status in (200, 404) or "session_busy" in answer.body, answer
        if answer.status != 409:
            conversation.removals.append(Removal(begun, time.monotonic()))

    def look(self, conversation: Conversation, key: str | None = None, begun: float | None = None) -> None:
        """Reads the session; or one that was copied from it, which was begun then."""
        page = Page([], begun or time.monotonic(), 0, f"a page of {self.name}'s" if key is None else f"the copy {key}")
        answer = self.ask("GET", "/session?limit=1000", key or conversation.key)
        page.ended = time.monotonic()
        assert answer.status == (200 if key else answer.status) and answer.status in (200, 404), answer
        if answer.status == 200:
            assert not answer.json["has_more"]
            page.texts = asked(answer.json["messages"])
        conversation.pages.append(page)

    def fork(self, conversation: Conversation) -> None:
        """Copies the session, and reads the copy on another host."""
        key, begun = f"{conversation.key}-{self.name}-{len(conversation.pages)}", time.monotonic()
        answer = self.ask("POST", "/session/fork", conversation.key, {"to": key})
        if answer.status == 200:
            self.look(conversation, key, begun)
        else:
            assert answer.status == 404 or "session_busy" in answer.body, answer


def asked(messages: list[dict]) -> list[str]:
    """The user's messages."""
    return [message["content"] for message in messages if message["role"] == "user"]


class Crowd:
    """Threads that each do something again and again, until they are told to stop."""

    def __init__(self, *works: Callable[[], object]):
        self._stopped = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._repeat, args=[work], daemon=True) for work in works]

    def _repeat(self, work: Callable[[], object]) -> None:
        try:
            while not self._stopped.is_set():
                work()
        except BaseException as error:
            self._failures.append(error)
            self._stopped.set()

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(300)
        assert not any(thread.is_alive() for thread in self._threads)
        if self._failures:
            raise self._failures[0]

    def check(self) -> None:
        """Fails if one of them has."""
        if self._failures:
            raise self._failures[0]
