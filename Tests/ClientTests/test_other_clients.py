"""LangChain, the command `llm`, and a judge of OpenAI-compatible servers, through nginx."""

import json
import os
import subprocess
import sys
from pathlib import Path

from langchain_openai import ChatOpenAI

from nanobot import Nanobot
from peer import Peer


def run(command: str, *arguments: str, **environment: str) -> str:
    """What a command of the tests' environment prints; it has to succeed."""
    program = Path(sys.executable).with_name(command)
    outcome = subprocess.run([program, *arguments], env=os.environ | environment, capture_output=True, text=True, timeout=120)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def make_model(server: Nanobot, key: str | None, **options: object) -> ChatOpenAI:
    headers = {"x-session-key": key} if key else {}
    return ChatOpenAI(base_url=server.url, api_key="none", model="nanobot", default_headers=headers, max_retries=0, **options)


def test_langchain_invokes(server: Nanobot, peer: Peer, key: str):
    message = make_model(server, key).invoke("Hello")
    assert message.content == "Hello! You said: Hello"
    (turn,) = server.turns(key)
    assert message.usage_metadata["total_tokens"] == turn["usage"]["total_tokens"]


def test_langchain_streams(server: Nanobot, peer: Peer, key: str):
    chunks = list(make_model(server, key).stream("Hello"))
    assert "".join(chunk.content for chunk in chunks) == "Hello! You said: Hello"
    assert len([chunk for chunk in chunks if chunk.content]) > 1
    assert len(server.turns(key)) == 1


def test_langchain_calls_tools(server: Nanobot, peer: Peer, key: str):
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"21 degrees in {city}"

    peer.script({"type": "reply", "tool_calls": [{"name": "weather", "arguments": {"city": "Paris"}}]})
    message = make_model(server, key).bind_tools([weather]).invoke("What is the weather in Paris?")
    assert [(call["name"], call["args"]) for call in message.tool_calls] == [("weather", {"city": "Paris"})]


def test_llm_remembers(server: Nanobot, peer: Peer, key: str, tmp_path: Path):
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: mybot\n  model_name: nanobot\n  api_base: {server.url}\n  headers: {{x-session-key: '{key}'}}\n"
    )
    for text, *options in [("one",), ("two", "--no-stream"), ("three", "--continue")]:
        assert run("llm", "--model", "mybot", *options, text, LLM_USER_PATH=str(tmp_path)) != "\n"
    turns = [[message["content"] for message in turn["messages"]] for turn in server.turns(key)]
    assert [question for question, _ in turns] == ["one", "two", "three"]
    sent = [message["content"] for message in peer.requests()[-1]["body"]["messages"]]
    assert sent == [*turns[0], *turns[1], "three"]


def test_llm_comply_finds_no_fault(directory: Path, peer: Peer, key: str):
    settings = {"UPSTREAM_URL": peer.url, "UPSTREAM_MODEL": "mock", "STREAM": "true", "REQUIRE_MODEL": "true"}
    with Nanobot(directory / "judged", **settings) as server:
        # A name that reasons: for others it leaves one test out.
        arguments = ["--json", "--format", "openai-chat", "-m", "gpt-5", "-k", "none", "-u", server.url, "-H", f"x-session-key:{key}"]
        report = json.loads(run("llm-comply", *arguments))
    assert report["summary"] == {"total": 9, "passed": 9, "failed": 0, "skipped": 0}, report
    # The peer does not think, and says so.
    assert [result["id"] for result in report["results"] if "warnings" in result] == ["chat-reasoning-summary"], report
