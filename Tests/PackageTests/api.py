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


def chat(api: str, text: str, session: str | None, **parameters: object) -> Response:
    """One turn."""
    body = json.dumps({"model": "nanobot", "messages": [{"role": "user", "content": text}], **parameters})
    key = ["-H", f"x-session-key: {session}"] if session else []
    return get(f"{api}/chat/completions", "-H", "Content-Type: application/json", *key, "-d", body)


def expect_eight_calls(site: str) -> None:
    """The calls that the README begins with have the answers that it says."""
    api = f"{site}/v1"
    first = chat(api, "Hello, who are you?", ALICE)
    assert "nanobot's built-in model" in first.answer
    assert first.json["object"] == "chat.completion" and first.json["usage"]["total_tokens"] > 0
    assert "Hello, who are you?" in chat(api, "What did I just ask you?", ALICE).answer
    assert "not asked" in chat(api, "What did I just ask you?", BOB).answer
    assert "nothing to summarize" in chat(api, "Summarize our discussion", "wx:group:group_abc:user:user_alice").answer

    models = get(f"{api}/models")
    assert [model["id"] for model in models.json["data"]] == ["nanobot"], models.body
    assert get(f"{site}/health").json == {"status": "ok"}

    keyless = chat(api, "Hello", None)
    assert (keyless.status, keyless.json["error"]["code"]) == (400, "missing_session_key")
    stream = chat(api, "Hello", ALICE, stream=True)
    assert (stream.status, stream.json["error"]["code"]) == (400, "stream_unsupported")
