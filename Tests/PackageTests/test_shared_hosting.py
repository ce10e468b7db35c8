"""The archive on a host where a user has a folder of pages, or one of programs, and no root."""

import json
import re

import pytest
from api import ALICE, by_key, chat, expect_eight_calls, get
from host import Host
from shared_host import SharedHost

FOLDERS = {
    # .htaccess may not grant access here, so it cannot say CGIPassAuth.
    "public_html": ("public_html", "FileInfo Options", True, "/nanobot"),
    "public_html, everything allowed": ("public_html", "All", True, "/nanobot"),
    "public_html without mod_rewrite": ("public_html", "All", False, "/nanobot"),
    "cgi-bin": ("cgi-bin", "All", True, "/cgi-bin/nanobot/nanobot.cgi"),
    "cgi-bin without mod_rewrite": ("cgi-bin", "All", False, "/cgi-bin/nanobot/nanobot.cgi"),
}

# Says what of the Authorization header came, as any program could.
PROBE = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n%s" "$HTTP_AUTHORIZATION$REDIRECT_HTTP_AUTHORIZATION"\n'


@pytest.mark.parametrize(("folder", "overrides", "rewrites", "path"), FOLDERS.values(), ids=FOLDERS.keys())
def test_installed_it_answers_and_remembers_and_nothing_else_is_served(
    host: Host, folder: str, overrides: str, rewrites: bool, path: str
) -> None:
    site = SharedHost(host, folder)
    said = site.install()
    address = site.address(said)
    assert address == site.url + path
    site.serve(overrides, rewrites)
    if not rewrites:
        address = address.removesuffix("/nanobot.cgi") + "/nanobot.cgi"
    expect_eight_calls(address, site.key(said))
    if rewrites:
        # Each path has one address.
        other = address.removesuffix("/nanobot.cgi") if folder == "cgi-bin" else f"{address}/nanobot.cgi"
        assert get(f"{other}/health").status == 404
        assert "content-length: 15" in get(f"{address}/health", "-i").body.lower()

    program = f"/home/alice/{folder}/nanobot"
    assert site.mode(f"{program}/nanobot.cgi") == "755 alice"
    for private in [".nanobot", ".nanobot/data", ".nanobot/data/sessions"]:
        assert site.mode(f"/home/alice/{private}") == "700 alice"
    session = f"data/sessions/{ALICE.replace(':', '%3A')}.json"
    for private in [".nanobot/config.json", f".nanobot/{session}"]:
        assert site.mode(f"/home/alice/{private}") == "600 alice"

    # Of the program's folder and of the data, nothing goes out.
    host.run(f"echo private-text >{program}/notes.txt", "alice")
    folder_url = address.removesuffix("/nanobot.cgi")
    for url in [
        f"{folder_url}/notes.txt", f"{folder_url}/.htaccess", f"{folder_url}/.nanobot/{session}", f"{site.url}/.nanobot/config.json",
        f"{site.url}/../.nanobot/config.json", f"{site.url}/../.nanobot/{session}", f"{folder_url}/../../.nanobot/config.json",
    ]:  # fmt: skip
        response = get(url)
        assert response.status in (400, 403, 404, 500), f"{url}: {response}"
        assert "private-text" not in response.body and "RewriteRule" not in response.body and "turns" not in response.body

    # Last: another program in nanobot's place.
    site.put(PROBE, f"{program}/nanobot.cgi")
    assert get(f"{address}/v1/models", "-H", "Authorization: Bearer k1").body == "Bearer k1"
    assert get(f"{address}/v1/models").body == ""


def test_a_cgi_bin_without_htaccess_will_do(host: Host) -> None:
    site = SharedHost(host, "cgi-bin", "public_html")
    said = site.install()
    site.serve(overrides="None", rewrites=False)
    expect_eight_calls(site.address(said), site.key(said))


def test_an_upgrade_and_a_removal_keep_conversations_and_settings(host: Host) -> None:
    site = SharedHost(host, "public_html")
    said = site.install()
    address, key = site.address(said), site.key(said)
    site.serve()
    assert chat(f"{address}/v1", "Is my hat blue?", ALICE, key).status == 200
    configuration = host.path("/home/alice/.nanobot/config.json")
    configuration.write_text('{"model":{"name":"mybot"}}')

    # What is there of an older version is replaced; the same again changes nothing.
    site.put("#!/bin/sh\nexit 1\n", "/home/alice/public_html/nanobot/nanobot.cgi")
    newer = site.unpack("newer")
    for _ in range(2):
        said = site.install(archive=newer)
        assert "kept as it is" in said and "nb-" not in said
        assert get(f"{address}/v1/models", *by_key(key)).json["data"][0]["id"] == "mybot"
        assert host.run("ls -A ~/public_html/nanobot", "alice").split() == [".htaccess", "index.php", "nanobot.cgi"]
    assert "Is my hat blue?" in chat(f"{address}/v1", "What did I just ask you?", ALICE, key).answer

    assert "stay in /home/alice/.nanobot" in site.install("--uninstall")
    assert not host.path("/home/alice/public_html/nanobot").exists()
    assert get(f"{address}/health").status == 404
    site.install()
    assert "What did I just ask you?" in chat(f"{address}/v1", "What did I just ask you?", ALICE, key).answer
    assert configuration.read_text() == '{"model":{"name":"mybot"}}'


def test_an_htaccess_that_was_changed_stays(host: Host) -> None:
    site = SharedHost(host, "public_html")
    site.install()
    folder = host.path("/home/alice/public_html/nanobot")
    (edited, shipped) = (folder / ".htaccess", (folder / ".htaccess").read_text())
    site.install()
    assert edited.read_text() == shipped
    edited.write_text(shipped + "# A password.\n")
    # This version's is known already.
    assert ".htaccess" not in site.install()
    assert not (folder / ".htaccess.new").exists()

    newer = site.unpack("newer")
    host.run(f"echo '# A new rule.' >>{newer}/nanobot/.htaccess", "alice")
    said = site.install(archive=newer)
    assert ".htaccess.new" in said and "> # A new rule." in said
    assert edited.read_text() == shipped + "# A password.\n"
    assert (folder / ".htaccess.new").read_text() == shipped + "# A new rule.\n"
    # What was not changed is replaced.
    edited.write_text(shipped + "# A new rule.\n")
    site.install()
    assert edited.read_text() == shipped and not (folder / ".htaccess.new").exists()


def test_without_a_shell_a_key_in_the_settings_closes_it_and_a_mistake_in_them_is_said(host: Host) -> None:
    site = SharedHost(host, "public_html")
    host.run("cp -r ~/package/nanobot ~/public_html/ && mkdir -m 700 ~/.nanobot", "alice")
    site.serve()
    readme = host.path(f"{site.archive}/README.txt").read_text()
    [settings] = re.findall(r'^ +(\{"auth":.*)$', readme, re.MULTILINE)
    secret = json.loads(settings)["auth"]["keys"][0]["key"]
    host.run(f"cat >~/.nanobot/config.json <<'END'\n{settings}\nEND", "alice")
    expect_eight_calls(f"{site.url}/nanobot", secret)
    assert secret not in host.path("/home/alice/.nanobot/keys.json").read_text()
    host.run("echo '{' >~/.nanobot/config.json", "alice")
    assert get(f"{site.url}/nanobot/v1/models").json["error"]["code"] == "configuration"
    assert '"code":"configuration"' in readme


def test_what_it_cannot_do_it_refuses_with_a_sentence(host: Host) -> None:
    site = SharedHost(host)
    assert "Choose a folder with --dir" in site.install(status=1)
    assert "--dir needs a directory" in site.install("--dir", status=1)
    assert "home directory cannot be nanobot's folder" in site.install("--dir ~", status=1)
    assert "/home/alice/web is not there" in site.install("--dir ~/web/nanobot", status=1)
    assert 'not "--user"' in site.install("--user", status=1)
    assert "There is no nanobot in" in site.install("--uninstall --dir ~/none", status=1)
    assert "does not run as root" in host.run(f"{site.archive}/install.sh", status=1)
    host.run("mkdir -p ~/web && echo mine >~/web/index.html", "alice")
    assert "holds other files" in site.install("--dir ~/web", status=1)
    assert host.run("ls -A /home/alice/web").split() == ["index.html"]
    assert not host.path("/home/alice/.nanobot").exists()

    said = site.install("--dir ~/web/chat/")
    assert "https://YOUR-SITE/chat/health" in said
    assert host.run("ls -A /home/alice/web/chat").split() == [".htaccess", "index.php", "nanobot.cgi"]

    # What is printed can be copied.
    assert "curl -sS https://YOUR-SITE/%61%20%62/health" in site.install('--dir "$HOME/web/a b"')

    # A whole site may be nanobot's, where there is nothing yet.
    host.run("mkdir ~/htdocs", "alice")
    assert "https://YOUR-SITE/health" in site.install("--dir ~/htdocs")

    # A program that the system cannot run leaves what is there alone.
    site.put("#!/bin/sh\necho version GLIBC_9 not found >&2\nexit 1\n", f"{site.archive}/nanobot/nanobot.cgi")
    assert "does not run on this host" in site.install("--dir ~/web/chat", status=1)
    assert host.path("/home/alice/web/chat/nanobot.cgi").stat().st_size > 1_000_000


def test_the_readme_says_which_glibc_it_needs(host: Host) -> None:
    site = SharedHost(host)
    readme = host.path(f"{site.archive}/README.txt").read_text()
    assert "glibc 2.17 or newer" in readme
    assert "@" not in readme + host.path(f"{site.archive}/install.sh").read_text().replace('"$@"', "")
