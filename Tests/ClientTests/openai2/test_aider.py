"""aider, with a file that it edits."""

import json
import os
import subprocess
import sys
from pathlib import Path

from conversation import asked, given, stored
from nanobot import Nanobot
from peer import Peer, says, waits


class Aider:
    """Its command, in a directory of its own, with a file in the chat."""

    def __init__(self, server: Nanobot, key: str, directory: Path, mode: str, **options: object):
        self._directory = directory
        self.file = directory / "greeting.txt"
        self.file.write_text("Good morning\n")
        headers = {"x-session-key": key, "x-session-mode": mode}
        settings = {"name": "openai/nanobot", "edit_format": "whole", "extra_params": {"extra_headers": headers, **options}}
        # JSON is YAML.
        (directory / "settings.yml").write_text(json.dumps([settings]))
        # Else it asks the Internet.
        (directory / "metadata.json").write_text(json.dumps({"openai/nanobot": {"max_input_tokens": 100_000, "mode": "chat"}}))
        self._server = server

    def say(self, message: str, *arguments: str) -> str:
        """What it prints."""
        command = Path(sys.executable).with_name("aider")
        options = ["--model", "openai/nanobot", "--openai-api-base", self._server.url, "--openai-api-key", "none"]
        options += ["--model-settings-file", "settings.yml", "--model-metadata-file", "metadata.json"]
        options += ["--no-show-model-warnings", "--no-check-update", "--no-show-release-notes"]
        options += ["--no-git", "--yes-always", "--no-analytics", "--no-pretty", "--no-detect-urls", "--map-tokens", "0"]
        outcome = subprocess.run(
            [command, *options, *arguments, "--message", message, self.file.name],
            cwd=self._directory, env=os.environ | {"HOME": str(self._directory)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout


def edit(text: str) -> dict:
    return says(f"greeting.txt\n```\n{text}\n```")


def parts(said: list[str]) -> list[str]:
    """Who says what, without the instructions that aider puts around it."""
    known = ["Good morning", "Good evening", "Good night", "It is late.", "It is later.", "I ran this command"]
    return [line.split(":")[0] + "".join(f" {text}" for text in known if text in line) for line in said]


# Each request begins with them.
EXAMPLES = ["user", "assistant"] * 2


def test_the_file_reaches_the_model(server: Nanobot, peer: Peer, key: str, tmp_path: Path):
    aider = Aider(server, key, tmp_path, "normal")
    peer.script(edit("Good evening"))
    assert "Applied edit to greeting.txt" in aider.say("It is late.")
    assert aider.file.read_text() == "Good evening\n"
    conversation = [*EXAMPLES, "user Good morning", "assistant", "user It is late."]
    assert parts(asked(peer)) == ["system", *conversation]
    assert given(server, key) == [True, False]
    assert parts(stored(server, key)) == [*conversation, "assistant Good evening"]


def test_a_mirror_has_the_file_as_it_is(server: Nanobot, peer: Peer, key: str, tmp_path: Path):
    aider = Aider(server, key, tmp_path, "mirror")
    peer.script(edit("Good evening"))
    aider.say("It is late.")
    # The command fails, and so the model is asked again: a loop.
    peer.script(edit("Good evening"), edit("Good night"))
    aider.say("It is later.", "--restore-chat-history", "--auto-test", "--test-cmd", "grep night greeting.txt", "--no-stream")
    assert aider.file.read_text() == "Good night\n"
    # aider moves the file behind what was said before, and says that it changed.
    past = ["user It is late.", "assistant Good evening"]
    later = ["user It is later.", "assistant Good evening", "user", "assistant"]
    file = ["user Good evening", "assistant"]
    output = ["user I ran this command", "assistant", "user I ran this command"]
    assert parts(asked(peer, 1)) == ["system", *EXAMPLES, *past, *file, later[0]]
    conversation = [*EXAMPLES, *past, *later, *file, *output]
    assert parts(asked(peer)) == ["system", *conversation]
    assert parts(stored(server, key)) == [*conversation, "assistant Good night"]


def test_its_retry(server: Nanobot, peer: Peer, key: str, tmp_path: Path):
    # Without retries of its client, which count.
    aider = Aider(server, key, tmp_path, "normal", timeout=1, max_retries=0)
    peer.script(waits(2), edit("Good evening"))
    assert "Retrying in" in aider.say("It is late.")
    assert aider.file.read_text() == "Good evening\n"
    assert len(peer.requests()) == 1
    assert parts(stored(server, key)) == [*EXAMPLES, "user Good morning", "assistant", "user It is late.", "assistant Good evening"]
