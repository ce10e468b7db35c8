import json
import subprocess
from dataclasses import dataclass

ALICE, BOB = "wx:dm:user_alice", "wx:dm:user_bob"


@dataclass
class Response:
    status: int
    body: str

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def answer(self) -> str:
        assert self.status == 200, self.body
        return self.json["choices"][0]["message"]["content"]


def get(url: str, *options: str) -> Response:
    """One request by curl. Status 0 where nobody listens."""
    command = ["curl", "-sS", "--max-time", "60", "--path-as-is", "-w", "\n%{http_code}", *options, url]
    done = subprocess.run(command, capture_output=True, text=True)
    body, _, status = done.stdout.rpartition("\n")
    return Response(int(status), body + done.stderr)


def by_key(secret: str) -> list[str]:
    """curl's options for an API key, in the header that every web server passes on."""
    return ["-H", f"x-api-key: {secret}"]


def chat(api: str, text: str, session: str | None, secret: str, **parameters: object) -> Response:
    """One turn."""
    body = json.dumps({"model": "nanobot", "messages": [{"role": "user", "content": text}], **parameters})
    key = ["-H", f"x-session-key: {session}"] if session else []
    return get(f"{api}/chat/completions", "-H", "Content-Type: application/json", *key, *by_key(secret), "-d", body)


def questions(api: str, session: str, secret: str) -> list[str]:
    """What was asked in a session, oldest first."""
    page = get(f"{api}/session?limit=1000", "-H", f"x-session-key: {session}", *by_key(secret))
    assert page.status == 200, page.body
    return [message["content"] for message in page.json["messages"] if message["role"] == "user"]


def expect_eight_calls(site: str, secret: str) -> None:
    """The calls that the README begins with have the answers that it says, with the first API key, and with no other."""
    api = f"{site}/v1"
    first = chat(api, "Hello, who are you?", ALICE, secret)
    assert "nanobot's built-in model" in first.answer
    assert first.json["object"] == "chat.completion" and first.json["usage"]["total_tokens"] > 0
    assert "Hello, who are you?" in chat(api, "What did I just ask you?", ALICE, secret).answer
    assert "not asked" in chat(api, "What did I just ask you?", BOB, secret).answer
    assert "nothing to summarize" in chat(api, "Summarize our discussion", "wx:group:group_abc:user:user_alice", secret).answer

    models = get(f"{api}/models", *by_key(secret))
    assert [model["id"] for model in models.json["data"]] == ["nanobot"], models.body
    assert get(f"{site}/health").json == {"status": "ok"}

    keyless = chat(api, "Hello", None, secret)
    assert (keyless.status, keyless.json["error"]["code"]) == (400, "missing_session_key")
    stream = chat(api, "Hello", ALICE, secret, stream=True)
    assert (stream.status, stream.json["error"]["code"]) == (400, "stream_unsupported")
    for wrong in ["nb-wrong", ""]:
        refused = chat(api, "Hello", ALICE, wrong)
        assert (refused.status, refused.json["error"]["code"]) == (401, "invalid_api_key")
