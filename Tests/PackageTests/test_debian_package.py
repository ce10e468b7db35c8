"""The Debian package behind nginx. There is no systemd in the host: what its units say is done by hand, and checked by systemd's own tool."""

import json
import os
import re
import socket
import subprocess
import urllib.error
import urllib.request

import pytest
from api import ALICE, BOB, chat, expect_eight_calls, get
from host import Host, wait_until

URL = "http://127.0.0.1"
STATE = "/var/lib/nanobot"
# As systemd chooses one for DynamicUser.
USER = 61_234


def unit(host: Host, name: str) -> dict[str, str]:
    """The settings of an installed unit."""
    text = host.path(f"/lib/systemd/system/{name}").read_text()
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def start(host: Host) -> subprocess.Popen:
    """Does what the units say: a socket for the web server's user, and the program with it, as a user that owns nothing but its state."""
    described, service = unit(host, "nanobot.socket"), unit(host, "nanobot.service")
    assert service["DynamicUser"] == "yes" and f"/var/lib/{service['StateDirectory']}" == STATE
    path = host.path(described["ListenStream"])
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        host.run(f"chown {described['SocketUser']} {described['ListenStream']}")
        path.chmod(int(described["SocketMode"], 8))
        # Of another user's state, all becomes the service's.
        host.run(f"mkdir -p {STATE} && chown -R {USER}:{USER} {STATE} && chmod {service['StateDirectoryMode']} {STATE}")
        number = listening.fileno()
        activation = ["bash", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<&{number}', "bash"]
        return host.start(service["ExecStart"], f"{USER}:{USER}", activation, [number])


def test_it_serves_behind_nginx_by_the_line_in_its_readme_and_leaves_the_data(host: Host) -> None:
    package = os.environ["NANOBOT_DEBIAN_PACKAGE"]
    host.add(package, "/tmp/nanobot.deb")
    [secret] = re.findall(r"^nb-\S+$", host.run("apt-get install --yes /tmp/nanobot.deb"), re.MULTILINE)
    assert host.run("nanobot --version").strip() == host.run("dpkg-query -W -f '${Version}' nanobot")

    # No file of the package names a program that is elsewhere.
    host.run("! grep -r /usr/local/bin /usr/share/doc/nanobot /lib/systemd/system/nanobot.*")

    # Its page has every command, and its sample no mistake.
    page = host.run("gzip -dc /usr/share/man/man1/nanobot.1.gz")
    assert all(f".SS nanobot {command}\n" in page for command in ["doctor", "keys rotate", "sessions list"])
    sample = "/usr/share/doc/nanobot/examples/config.json"
    assert "configuration: every setting makes sense" in host.run(f"nanobot doctor --config {sample} || true")

    readme = host.path("/usr/share/doc/nanobot/README.Debian").read_text()
    for command in re.findall(r"^ +(cp .*)$", readme, re.MULTILINE):
        host.run(command)
    [line] = re.findall(r"^ +(include .*)$", readme, re.MULTILINE)
    site = host.path("/etc/nginx/sites-available/default")
    site.write_text(re.sub(r"location / \{.*?\}", lambda _: line, site.read_text(), count=1, flags=re.DOTALL))
    program = start(host)
    host.start("nginx -g 'daemon off;'")
    wait_until(lambda: get(URL).status != 0, "nginx listens")
    assert f"curl -sS {URL}/health" in readme
    expect_eight_calls(URL, secret)
    # nginx by itself would refuse a body of this length, in HTML.
    request = urllib.request.Request(f"{URL}/v1/chat/completions", b"x" * 2_000_000, {"x-session-key": "large", "x-api-key": secret})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 413 and "larger than 1048576 bytes" in json.load(refused.value)["error"]["message"]
    assert program.poll() is None

    # Root's commands mean the service's data, and what they write belongs to it.
    assert ALICE in host.run("nanobot sessions list")
    assert f"data directory: {STATE} can be written" in host.run("nanobot doctor || true")
    added = host.run("nanobot keys add --name second --scope '*'").split()[0]
    assert host.run(f"stat -c '%a %u' {STATE}/keys.json").split() == ["600", str(USER)]
    wait_until(lambda: chat(f"{URL}/v1", "Hello", BOB, added).status == 200, "the service knows the new key")

    sessions = host.path(f"{STATE}/sessions")
    before = sorted(file.name for file in sessions.iterdir())
    assert len(before) == 3
    program.terminate()
    assert program.wait(60) == 0
    host.run("dpkg -r nanobot")
    assert sorted(file.name for file in sessions.iterdir()) == before
    assert not host.path("/usr/bin/nanobot").exists()

    # Neither a second installation nor an upgrade makes a key.
    for _ in range(2):
        assert "nb-" not in host.run("dpkg -i /tmp/nanobot.deb")
    start(host)
    assert "What did I just ask you?" in chat(f"{URL}/v1", "What did I just ask you?", ALICE, secret).answer
    assert f"Conversations are left in {STATE}" in host.run("dpkg -P nanobot")
    assert not host.run(f"ls {STATE} | grep keys.json || true") and not host.path("/etc/nanobot").exists()
    assert sorted(file.name for file in sessions.iterdir()) == before


def test_systemd_finds_nothing_wrong_with_the_units(host: Host) -> None:
    host.add(os.environ["NANOBOT_DEBIAN_PACKAGE"], "/tmp/nanobot.deb")
    host.run("dpkg -i /tmp/nanobot.deb")
    assert host.run("systemd-analyze verify nanobot.service nanobot.socket") == ""
    # In tenths, from 0 for safe to 100.
    host.run("systemd-analyze security --offline=true --threshold=15 /lib/systemd/system/nanobot.service")
