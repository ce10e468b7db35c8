"""A real language model: it is installed, runs alone and under `deploy/serve`, and answers."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_model import NO_NETWORK, LocalModel, ServeWithLocalModel, become_idle, connections
from nanobot import Nanobot, frames, text_of
from program import eventually, is_listening

SHORT = {"max_tokens": 16, "temperature": 0}


@pytest.fixture(scope="session")
def cache(directory: Path) -> Path:
    """Where the model is installed, by the first test that wants it."""
    return directory / "cache"


@pytest.fixture(scope="session")
def model(directory: Path, cache: Path) -> Iterator[LocalModel]:
    model = LocalModel(directory / "model", cache)
    model.wait()
    yield model
    model.end()


@pytest.fixture(scope="session")
def asking_server(directory: Path, model: LocalModel) -> Iterator[Nanobot]:
    """Asks the model, of which it knows nothing but the address."""
    with Nanobot(directory / "asking", UPSTREAM_URL=model.url, STREAM="true") as server:
        yield server


def test_what_is_loaded_is_said_with_size_and_licence(model: LocalModel):
    lines = model.program.error.splitlines()
    assert any("MIT licence, 34 MB" in line for line in lines)
    assert any("Apache-2.0 licence, 93 MB" in line for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_start_needs_no_network(model: LocalModel, cache: Path, tmp_path: Path, number: int):
    second = LocalModel(tmp_path, cache, **NO_NETWORK)
    second.wait()
    assert second.program.error == ""
    second.end(number)


def test_it_ends_in_the_middle_of_an_answer(model: LocalModel, cache: Path, tmp_path: Path):
    second = LocalModel(tmp_path / "model", cache, **NO_NETWORK)
    second.wait()
    settings = {"UPSTREAM_URL": second.url, "UPSTREAM_MODEL": "small", "UPSTREAM_RETRIES": "0"}
    with Nanobot(tmp_path / "server", **settings) as server, ThreadPoolExecutor() as executor:
        turn = executor.submit(server.ask, "test", "Tell me a long story.", max_tokens=2000, temperature=0)
        assert eventually(lambda: bool(connections(second.port)))
        second.end()
        assert turn.result().json()["error"]["code"] == "upstream_error"
        assert server.turns("test") == []


def test_a_port_in_use_is_said(model: LocalModel, cache: Path, tmp_path: Path):
    second = LocalModel(tmp_path, cache, port=model.port)
    assert second.program.status() == 1
    assert f"port: {model.port}" in second.program.error and "The local model cannot be started" in second.program.error


def test_a_turn_costs_what_the_model_says(asking_server: Nanobot, key: str):
    response = asking_server.ask(key, "Say hello.", **SHORT)
    assert response.status_code == 200, response.text
    completion = response.json()
    assert completion["choices"][0]["message"]["content"]
    (turn,) = asking_server.turns(key)
    assert turn["usage"] == completion["usage"]
    usage = turn["usage"]
    # Tokens, of which its template has more than the question has words.
    assert usage["prompt_tokens"] > 10 and 0 < usage["completion_tokens"] <= 16
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_it_sees_the_turn_before(asking_server: Nanobot, key: str):
    first = asking_server.ask(key, "My name is Alice.", **SHORT).json()
    asking_server.ask(key, "What is my name?", **SHORT)
    turns = asking_server.turns(key)
    assert [turn["messages"][0]["content"] for turn in turns] == ["My name is Alice.", "What is my name?"]
    assert turns[0]["messages"][1]["content"] == first["choices"][0]["message"]["content"]
    # The second question alone would cost about what the first one did.
    assert turns[1]["usage"]["prompt_tokens"] > turns[0]["usage"]["total_tokens"]


def test_it_streams(asking_server: Nanobot, key: str):
    response = asking_server.ask(key, "Count to ten.", stream=True, stream_options={"include_usage": True}, **SHORT)
    events = frames(response)
    assert events[-1] == "[DONE]"
    (turn,) = asking_server.turns(key)
    assert text_of(events) == turn["messages"][1]["content"] != ""
    assert len(events) > 5
    assert events[-2]["choices"] == [] and events[-2]["usage"] == turn["usage"]
    whole = asking_server.ask(f"{key}:whole", "Count to ten.", **SHORT).json()
    assert whole["choices"][0]["message"]["content"] == text_of(events)


def test_a_connection_is_used_again_until_the_model_closes_it(asking_server: Nanobot, model: LocalModel, key: str):
    assert become_idle(model.port)
    assert asking_server.ask(key, "One.", **SHORT).status_code == 200
    first = connections(model.port)
    assert len(first) == 1
    assert asking_server.ask(key, "Two.", **SHORT).status_code == 200
    assert connections(model.port) == first
    # It closes what is idle for 5 s.
    assert become_idle(model.port)
    assert asking_server.ask(key, "Three.", **SHORT).status_code == 200
    assert len(asking_server.turns(key)) == 3


def test_what_it_refuses_is_the_clients_error(asking_server: Nanobot, key: str):
    assert asking_server.ask(key, "Hello.", **SHORT).status_code == 200
    response = asking_server.ask(key, "word " * 9000, **SHORT)
    error = response.json()["error"]
    # Its own code is the number 400; its words say that the conversation is too long.
    assert (response.status_code, error["code"], error["param"]) == (400, "context_length_exceeded", "messages")
    assert "exceeds the available context size" in error["message"]
    assert asking_server.ask(key, "Hello again.", **SHORT).status_code == 200
    assert len(asking_server.turns(key)) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_serve_brings_it_and_takes_it_away(model: LocalModel, cache: Path, tmp_path: Path, number: int):
    serve = ServeWithLocalModel(tmp_path, cache, **NO_NETWORK)
    response = serve.ask("Say hello.")
    assert response.status_code == 200 and response.json()["usage"]["prompt_tokens"] > 10, response.text
    port = serve.model_port
    assert is_listening(port)
    assert serve.program.end(number) == (0 if number != signal.SIGKILL else -signal.SIGKILL), serve.program.error
    assert eventually(lambda: not is_listening(port) and not is_listening(serve.port))


def test_ctrl_c_lets_a_turn_end(model: LocalModel, cache: Path, tmp_path: Path):
    serve = ServeWithLocalModel(tmp_path, cache, **NO_NETWORK)
    port = serve.model_port
    with ThreadPoolExecutor() as executor:
        turn = executor.submit(serve.ask, "Tell me a long story.", max_tokens=300)
        assert eventually(lambda: bool(connections(port)))
        assert serve.program.end(signal.SIGINT) == 0, serve.program.error
        assert turn.result().status_code == 200, turn.result().text
    assert eventually(lambda: not is_listening(port))


def test_a_long_conversation_fits_into_it(model: LocalModel, cache: Path, tmp_path: Path):
    serve = ServeWithLocalModel(tmp_path, cache, **NO_NETWORK)
    # Twice what the model holds.
    messages = [{"role": role, "content": "word " * 100} for _ in range(80) for role in ["user", "assistant"]]
    (tmp_path / "long.json").write_text(json.dumps({"messages": messages}))
    command = [os.environ["NANOBOT_BINARY"], "sessions", "import", str(tmp_path / "long.json"), "--key", "test"]
    subprocess.run([*command, "--data-dir", str(serve.data)], check=True, timeout=120)
    response = serve.ask("Say hello.")
    assert response.status_code == 200, response.text
    assert 500 < response.json()["usage"]["prompt_tokens"] < 2000
    assert serve.program.end() == 0


def test_where_it_cannot_be_loaded_serve_says_why_and_goes_on(tmp_path: Path):
    serve = ServeWithLocalModel(tmp_path, tmp_path / "cache", **NO_NETWORK)
    assert "There is no local model, for the reason above." in serve.program.error
    assert "Connection refused" in serve.program.error
    assert "built-in model" in serve.ask("Who are you?").text
    assert serve.program.end() == 0


def test_without_avx2_it_says_so(tmp_path: Path):
    (tmp_path / "cpuinfo").write_text("flags : fpu sse4_2 avx\n")
    script = 'mount --bind "$0" /proc/cpuinfo && exec "$@"'
    user = () if os.geteuid() == 0 else ("--map-root-user",)
    wrapper = ("unshare", *user, "--mount", "sh", "-c", script, str(tmp_path / "cpuinfo"))
    model = LocalModel(tmp_path, tmp_path / "cache", wrapper)
    assert model.program.status() == 1
    assert model.program.error == "The local model needs a processor with AVX2, and this one has none.\n"
