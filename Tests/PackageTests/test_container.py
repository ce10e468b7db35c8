"""The archive's container, as compose.yaml runs it."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from api import ALICE, chat, expect_eight_calls, get, questions
from container import Container
from host import wait_until


@pytest.fixture
def container() -> Iterator[Container]:
    with Container() as container:
        yield container


def test_it_serves_without_root_on_a_read_only_system_and_says_whether_it_is_healthy(container: Container) -> None:
    api = f"{container.url}/v1"
    container.build()

    def up() -> None:
        container.compose("up", "-d", "--no-build")
        wait_until(lambda: get(f"{container.url}/health").status == 200, "it answers")

    # It does not start open to everybody.
    assert "without API keys everybody" in container.podman("run", "--rm", "--network", "host", "nanobot", status=1, errors=True)
    # As compose.yaml says.
    said = container.compose("run", "--rm", "-T", "nanobot", "keys", "add", "--name", "first", "--scope", "*")
    [secret] = re.findall(r"^nb-\S+$", said, re.MULTILINE)
    up()
    expect_eight_calls(container.url, secret)
    assert container.health() == "healthy"

    inside = ["exec", container.name, "sh", "-c"]
    assert container.podman(*inside, "id -u").strip() == str(container.USER)
    assert "CapEff:\t0000000000000000" in container.podman(*inside, "cat /proc/1/status")
    for file in ["/x", "/etc/x", "/usr/local/bin/nanobot", "/var/x"]:
        assert "Read-only file system" in container.podman(*inside, f"echo x >{file}", status=2, errors=True)
    assert container.podman(*inside, "stat -c '%a %u' /data /data/keys.json").split() == ["700", str(container.USER), "600", str(container.USER)]

    # The volume outlives the container.
    container.compose("down")
    assert get(f"{container.url}/health").status == 0
    up()
    assert questions(api, ALICE, secret) == ["Hello, who are you?", "What did I just ask you?"]

    # A responder that dies is started again, and so is the container.
    [responder] = container.processes("nanobot fastcgi")
    os.kill(responder, signal.SIGKILL)
    assert chat(api, "Is my hat blue?", ALICE, secret).status == 200
    [first] = container.processes("nanobot serve")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: container.processes("nanobot serve") not in ([], [first]), "the container starts again")
    wait_until(lambda: get(f"{container.url}/health").status == 200, "it answers again")
    assert "Is my hat blue?" in chat(api, "What did I just ask you?", ALICE, secret).answer

    # One that hangs is neither.
    [responder] = container.processes("nanobot fastcgi")
    os.kill(responder, signal.SIGSTOP)
    wait_until(lambda: container.health() == "unhealthy", "the health check finds it")
    os.kill(responder, signal.SIGCONT)
    assert container.health() == "healthy"
