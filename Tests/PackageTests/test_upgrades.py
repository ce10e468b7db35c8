"""install.sh over an older, a newer or a broken version."""

import pytest
from api import ALICE, chat, get
from host import Host
from shared_host import SharedHost

FOLDER = "/home/alice/public_html/nanobot"


@pytest.fixture
def site(host: Host) -> SharedHost:
    site = SharedHost(host, "public_html")
    said = site.install()
    site.serve()
    assert chat(f"{site.address(said)}/v1", "Hello", ALICE, site.key(said)).status == 200
    return site


def contents(site: SharedHost) -> str:
    """The sums and permissions of all that is in the folder and beside the settings."""
    return site.host.run(f"cd {FOLDER} && sha256sum .htaccess * && stat -c '%n %a' . .htaccess * && ls -A . ~/.nanobot", "alice")


# What the new program does instead of answering.
FAILURES = {
    "it does not start": ("echo no-library >&2; exit 127", "does not run on this host. "),
    "it does not take the settings": (
        '[ "$1" = --version ] && exec $0.real --version; echo bad-setting >&2', "nothing was changed. It says: bad-setting",
    ),
    "it does not answer where it is": (
        'case $0 in */public_html/*) echo no-permission >&2; exit 1 ;; esac; exec $0.real "$@"', "is back. It says: no-permission",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "says"), FAILURES.values(), ids=FAILURES.keys())
def test_the_old_version_stays_where_the_new_one_does_not_answer(host: Host, site: SharedHost, script: str, says: str) -> None:
    newer = site.unpack("newer")
    host.run(f"cp {newer}/nanobot/nanobot.cgi {newer}/nanobot/nanobot.cgi.real && echo '# New.' >>{newer}/nanobot/.htaccess", "alice")
    site.put(f"#!/bin/sh\n{script}\n", f"{newer}/nanobot/nanobot.cgi")
    host.run(f"echo '// Mine.' >>{FOLDER}/index.php", "alice")
    before = contents(site)
    assert says in site.install(archive=newer, status=1)
    assert contents(site) == before
    assert get(f"{site.url}/nanobot/health").status == 200

    # A first installation leaves nothing.
    host.run("mkdir ~/public_html/cgi-bin", "alice")
    site.install("--dir ~/public_html/cgi-bin/nanobot", newer, status=1)
    assert host.run("ls -A ~/public_html/cgi-bin", "alice") == ""


def test_a_downgrade_that_cannot_read_the_conversations_is_refused(host: Host, site: SharedHost) -> None:
    # What a newer version would have left.
    site.put("#!/bin/sh\n[ $1 = --version ] && echo 10.0.0\n", f"{FOLDER}/nanobot.cgi")
    sessions = host.path("/home/alice/.nanobot/data/sessions")
    [session] = sessions.iterdir()
    written = session.read_text()
    session.write_text(written.replace("nanobot-session/1", "nanobot-session/2"))
    before = contents(site)
    said = site.install(status=1)
    assert "cannot read 1 of the conversations that nanobot 10.0.0 wrote" in said
    assert contents(site) == before

    session.write_text(written)
    assert "is installed" in site.install()
    assert contents(site) != before
