"""install.sh that is killed, or that fails, at any of its steps."""

from collections.abc import Iterator

import pytest
from api import by_key, get
from host import Host
from shared_host import SharedHost

FOLDER = "/home/alice/public_html/nanobot"
# In the place of each program that changes files. It counts, and at the step that was chosen it does something else.
STEP = """#!/bin/sh
echo >>~/steps
[ "$(wc -l <~/steps)" != "$(cat ~/chosen)" ] || {{ {instead}; }}
PATH=/usr/bin:/bin exec "${{0##*/}}" "$@"
"""
TOOLS = ["chmod", "cp", "ln", "mkdir", "mv", "rm", "rmdir"]
KILL, FAIL = "kill -9 $(cat ~/installer); exit 1", "echo \"No space left on device\" >&2; exit 1"


class Steps:
    """Runs install.sh up to each of its steps, in turn."""

    def __init__(self, site: SharedHost):
        self.site = site
        site.host.run("mkdir ~/tools", "alice")

    def each(self, archive: str, instead: str, tools: list[str] = TOOLS) -> Iterator[str]:
        """Gives what install.sh said, for each step that did something else instead, until there is no such step."""
        host = self.site.host
        host.run("rm -f ~/tools/*", "alice")
        for tool in tools:
            self.site.put(STEP.format(instead=instead), f"~/tools/{tool}")
        step = 0
        while True:
            step += 1
            host.run(f"echo {step} >~/chosen; rm -f ~/steps", "alice")
            command = f"echo $$ >~/installer; PATH=$HOME/tools:$PATH exec {archive}/install.sh"
            yield host.run(f"sh -c '{command}'; echo status $?", "alice")
            if int(host.run("wc -l <~/steps", "alice")) < step:
                # More than a handful.
                assert step > 5
                return


@pytest.fixture
def site(host: Host) -> SharedHost:
    site = SharedHost(host, "public_html")
    site.serve()
    return site


def is_closed(site: SharedHost) -> bool:
    """Whether nobody can use the API without a key."""
    return get(f"{site.url}/nanobot/v1/models").status in (401, 403, 404)


def expect_complete(site: SharedHost, archive: str, said: str) -> None:
    host = site.host
    assert "is installed" in said
    assert host.run(f"ls -A {FOLDER}", "alice").split() == [".htaccess", "index.php", "nanobot.cgi"]
    host.run(f"for file in .htaccess index.php nanobot.cgi; do cmp {archive}/nanobot/$file {FOLDER}/$file || exit 1; done", "alice")
    assert not [path for path in host.path("/home/alice/.nanobot").iterdir() if path.name.startswith(".new")]
    assert get(f"{site.url}/nanobot/health").status == 200


@pytest.mark.parametrize("instead", [KILL, FAIL], ids=["killed", "failed"])
def test_a_first_installation_can_be_repeated_or_removed_and_is_never_open(host: Host, site: SharedHost, instead: str) -> None:
    steps = Steps(site)
    for said in steps.each(site.archive, instead):
        assert is_closed(site), said
        if "status 0" not in said and "nb-" not in said:
            said = site.install()
            expect_complete(site, site.archive, said)
        assert get(f"{site.url}/nanobot/v1/models", *by_key(site.key(said))).status == 200
        assert is_closed(site)
        host.run(f"rm -rf ~/.nanobot {FOLDER}", "alice")
    for _ in steps.each(site.archive, instead):
        host.run(f"{site.archive}/install.sh --uninstall; true", "alice")
        assert not host.path(FOLDER).exists() or not list(host.path(FOLDER).iterdir())
        host.run(f"rm -rf ~/.nanobot {FOLDER}", "alice")


def test_an_upgrade_that_fails_changes_nothing_and_one_that_was_killed_can_be_repeated(host: Host, site: SharedHost) -> None:
    newer = site.unpack("newer")
    site.change(newer)
    site.install()
    sums = f"cd {FOLDER} && sha256sum .htaccess * && stat -c '%n %a' . .htaccess * && ls -A . ~/.nanobot"
    before = host.run(sums, "alice")
    for said in Steps(site).each(newer, FAIL, ["cp", "mkdir", "mv", "chmod"]):
        if "What was there before is back." in said:
            assert host.run(sums, "alice") == before
        else:
            expect_complete(site, newer, site.install(archive=newer))
            expect_complete(site, site.archive, site.install())
    host.run("rmdir ~/tools || rm -r ~/tools", "alice")
    for _ in Steps(site).each(newer, KILL):
        assert get(f"{site.url}/nanobot/health").status == 200 and is_closed(site)
        expect_complete(site, newer, site.install(archive=newer))
        expect_complete(site, site.archive, site.install())


def test_a_full_disk_leaves_nothing_open(host: Host, site: SharedHost) -> None:
    """Less than a first installation needs, page by page."""
    home = host.path("/home/alice/.nanobot")
    host.run("mkdir ~/.nanobot", "alice")
    for pages in range(1, 100):
        host.run("mount -t tmpfs -o size=%dk,mode=700 tmpfs /home/alice/.nanobot && chown alice: /home/alice/.nanobot" % (4 * pages))
        try:
            said = host.run(f"{site.archive}/install.sh; echo status $?", "alice")
            assert is_closed(site)
            is_done = "status 0" in said
            if is_done:
                assert get(f"{site.url}/nanobot/v1/models", *by_key(site.key(said))).status == 200
            else:
                host.run("mount -o remount,size=10m /home/alice/.nanobot")
                again = site.install()
                assert get(f"{site.url}/nanobot/v1/models", *by_key(site.key(again))).status == 200, (said, again)
            host.run(f"rm -rf {FOLDER}", "alice")
        finally:
            host.run("umount /home/alice/.nanobot")
        if is_done:
            break
    assert pages > 3 and is_done and home.exists()


def test_an_api_that_was_open_before_stays_so_and_that_is_said(host: Host, site: SharedHost) -> None:
    host.run("mkdir ~/.nanobot && echo '{}' >~/.nanobot/config.json", "alice")
    said = site.install()
    assert "nb-" not in said and "everybody who knows the address can use the API" in said
    assert get(f"{site.url}/nanobot/v1/models").status == 200
