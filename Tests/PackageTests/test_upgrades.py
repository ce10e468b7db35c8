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
        'case $0 in */public_html/*) echo no-permission >&2; exit 1 ;; esac; exec $0.real "$@"', "does not answer in /home/alice/public_html/",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "says"), FAILURES.values(), ids=FAILURES.keys())
def test_the_old_version_stays_where_the_new_one_does_not_answer(host: Host, site: SharedHost, script: str, says: str) -> None:
    newer = site.unpack("newer")
    host.run(f"cp {newer}/nanobot/nanobot.cgi {newer}/nanobot/nanobot.cgi.real && echo '# New.' >>{newer}/nanobot/.htaccess", "alice")
    site.put(f"#!/bin/sh\n{script}\n", f"{newer}/nanobot/nanobot.cgi")
    host.run(f"echo '// Mine.' >>{FOLDER}/index.php && echo '# Not taken over yet.' >{FOLDER}/.htaccess.new", "alice")
    before = contents(site)
    said = site.install(archive=newer, status=1)
    assert says in said and ("no-permission" not in said or "What was there before is back." in said)
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
    assert "cannot read 1 of the conversations that a newer version wrote" in said
    assert contents(site) == before
    # Whatever program is there, or none.
    site.install("--uninstall")
    assert "cannot read 1 of the conversations" in site.install(status=1)
    assert not host.path(FOLDER).exists()

    session.write_text(written)
    assert "is installed" in site.install()


def test_permissions_that_the_owner_chose_stay(host: Host, site: SharedHost) -> None:
    modes = {FOLDER: "750", f"{FOLDER}/nanobot.cgi": "700", f"{FOLDER}/index.php": "600", f"{FOLDER}/.htaccess": "640"}
    host.run("usermod --append --groups alice www-data", "root")
    for path, mode in modes.items():
        host.run(f"chmod {mode} {path}", "alice")
    newer = site.unpack("newer")
    site.change(newer)
    site.install(archive=newer)
    assert {path: site.mode(path).split()[0] for path in modes} == modes
    host.run(f"cmp {newer}/nanobot/nanobot.cgi {FOLDER}/nanobot.cgi && cmp {newer}/nanobot/.htaccess {FOLDER}/.htaccess", "alice")
    # A program that lost the permission to run gets it back.
    host.run(f"chmod 644 {FOLDER}/nanobot.cgi", "alice")
    site.install()
    assert site.mode(f"{FOLDER}/nanobot.cgi") == "755 alice"


def test_a_program_that_hangs_is_not_waited_for(host: Host, site: SharedHost) -> None:
    newer = site.unpack("newer")
    host.run(f"cp {newer}/nanobot/nanobot.cgi {newer}/nanobot/nanobot.cgi.real", "alice")
    for archive in [newer, site.archive]:
        script = host.path(f"{archive}/install.sh")
        assert "timeout -k 5 30" in script.read_text()
        script.write_text(script.read_text().replace("timeout -k 5 30", "timeout -k 1 2"))
    before = contents(site)
    for hangs in [
        "exec sleep 1000", "trap '' TERM; while :; do sleep 1; done",
        'case $0 in */public_html/*) exec sleep 1000 ;; esac; exec $0.real "$@"',
    ]:  # fmt: skip
        site.put(f"#!/bin/sh\n{hangs}\n", f"{newer}/nanobot/nanobot.cgi")
        site.install(archive=newer, status=1)
        assert contents(site) == before
    # One that is installed already is not asked.
    site.put("#!/bin/sh\nexec sleep 1000\n", f"{FOLDER}/nanobot.cgi")
    site.install()
    assert contents(site) == before
