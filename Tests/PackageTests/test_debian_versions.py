"""The packages on Debian 11, 12 and 13: glibc 2.31, 2.36 and 2.41, each with its own Apache and libcurl."""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from api import ALICE, Response, chat, expect_eight_calls, questions
from encrypted_upstream import EncryptedUpstream
from host import Host, wait_until
from shared_host import SharedHost

pytestmark = pytest.mark.parametrize("host", ["bullseye", "bookworm", "trixie"], indirect=True)

PROGRAM = "/home/alice/public_html/nanobot/nanobot.cgi"


class Installed:
    """The archive, installed in public_html and served by Apache, which starts a process for each request."""

    def __init__(self, host: Host):
        self.host = host
        site = SharedHost(host, "public_html")
        said = site.install()
        self.address, self.secret = site.address(said), site.key(said)
        self.api = f"{self.address}/v1"
        site.serve()

    def ask(self, text: str) -> Response:
        return chat(self.api, text, ALICE, self.secret)

    def asked(self) -> list[str]:
        return questions(self.api, ALICE, self.secret)


@pytest.fixture
def installed(host: Host) -> Iterator[Installed]:
    return Installed(host)


def test_the_eight_calls_of_the_readme(installed: Installed) -> None:
    expect_eight_calls(installed.address, installed.secret)


def test_an_upstream_over_tls_is_asked_only_if_the_host_trusts_its_authority(installed: Installed, tmp_path: Path) -> None:
    with EncryptedUpstream(tmp_path) as upstream:
        settings = {"upstream": {"url": upstream.url, "model": "m"}}
        installed.host.path("/home/alice/.nanobot/config.json").write_text(json.dumps(settings))
        refused = installed.ask("Is it safe?")
        assert (refused.status, refused.json["error"]["code"]) == (503, "upstream_unavailable")
        installed.host.run("mkdir -p /etc/ssl/certs")
        bundle = "/etc/ssl/certs/ca-certificates.crt"
        installed.host.add(upstream.authority, bundle)
        assert installed.ask("Is it safe now?").answer == upstream.ANSWER
        # The directory of hashes is enough where there is one, and the file where that has others only.
        hashed = installed.host.path(f"/etc/ssl/certs/{upstream.authority_hash}.0")
        installed.host.path(bundle).rename(hashed)
        assert installed.ask("And now?").answer == upstream.ANSWER
        installed.host.add(upstream.authority, bundle)
        hashed.rename(hashed.with_name("00000000.0"))
        assert installed.ask("And still?").answer == upstream.ANSWER
        # Nor does a file there that cannot be used keep the other from being read.
        authority = upstream.authority.read_text()
        for content, mode in [("garbage\n", 0o644), ("", 0o644), (authority[:300], 0o644), (authority, 0o600)]:
            hashed.write_text(content)
            hashed.chmod(mode)
            assert installed.ask("What about that one?").answer == upstream.ANSWER
        hashed.unlink()
        installed.host.path(bundle).unlink()
        refused = installed.ask("Without any of them?")
        assert (refused.status, refused.json["error"]["code"]) == (503, "upstream_unavailable")


def test_processes_that_share_a_session_store_every_turn_once(installed: Installed) -> None:
    texts = [f"question {number}" for number in range(48)]
    with ThreadPoolExecutor(8) as pool:
        for response in pool.map(installed.ask, texts):
            assert response.status == 200, response.body
    assert sorted(installed.asked()) == sorted(texts)


def test_no_turn_that_was_answered_is_lost_when_processes_are_killed(installed: Installed) -> None:
    answered: list[str] = []
    sent: list[str] = []
    over = threading.Event()

    def client(name: int) -> None:
        number = 0
        while not over.is_set():
            text, number = f"question {number} of client {name}", number + 1
            sent.append(text)
            if installed.ask(text).status == 200:
                answered.append(text)

    def kill_one() -> bool:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "exe").readlink() == installed.host.path(PROGRAM):
                    os.kill(int(process.name), signal.SIGKILL)
                    return True
            except (FileNotFoundError, ProcessLookupError):
                continue
        return False

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(client, name) for name in range(4)]
        try:
            # Each at another point of its turn: the clients do not wait for each other.
            for _ in range(25):
                before = len(answered)
                wait_until(lambda: len(answered) > before, "a turn is answered")
                wait_until(kill_one, "there is a process to kill")
        finally:
            over.set()
        for done in clients:
            done.result()

    assert len(answered) < len(sent)
    assert installed.ask("last").status == 200
    asked = installed.asked()
    assert asked[-1] == "last" and len(set(asked)) == len(asked)
    assert set(answered) <= set(asked) <= {*sent, "last"}
    installed.host.run(f"{PROGRAM} sessions verify", "alice")


def test_the_debian_package_is_installed_and_needs_no_newer_glibc_than_2_17(host: Host) -> None:
    host.add(os.environ["NANOBOT_DEBIAN_PACKAGE"], "/tmp/nanobot.deb")
    host.run("dpkg -i /tmp/nanobot.deb && nanobot --version")
    SharedHost(host)
    for program in ["/usr/bin/nanobot", "/home/alice/package/nanobot/nanobot.cgi"]:
        read = subprocess.run(["objdump", "-p", host.path(program)], check=True, capture_output=True, text=True).stdout
        needed = {tuple(map(int, version.split("."))) for version in re.findall(r" GLIBC_([0-9.]+)$", read, re.MULTILINE)}
        assert max(needed) == (2, 17)
        assert host.path(program).stat().st_size <= 20_000_000
        # All of them are glibc's: what the program needs besides is in it.
        libraries = {library.split(".so")[0] for library in re.findall(r"NEEDED +(\S+)", read)}
        assert "libc" in libraries
        assert libraries <= {"libc", "libm", "libdl", "libpthread", "ld-linux-x86-64", "ld-linux-aarch64"}
