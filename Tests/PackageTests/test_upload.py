"""An upload with a control panel, and what goes wrong: README.txt quotes what the host says, and its advice mends it."""

import json
import os
import re
import tarfile
from zipfile import ZipFile

import pytest
from api import chat, get
from host import Host
from shared_host import MOD_PHP, PHP_FPM, SharedHost

FOLDER = "/home/alice/public_html/nanobot"


def test_the_zip_has_the_files_and_permissions_of_the_tar() -> None:
    archive = os.environ["NANOBOT_ARCHIVE"]
    with tarfile.open(archive) as tar, ZipFile(archive.removesuffix(".tar.gz") + ".zip") as zip:
        members = {entry.filename.rstrip("/"): entry for entry in zip.infolist()}
        assert sorted(members) == sorted(tar.getnames())
        for member in tar:
            entry = members[member.name]
            assert entry.create_system == 3 and entry.external_attr >> 16 & 0o7777 == member.mode, member.name
            assert entry.is_dir() == member.isdir()
            assert member.isdir() or zip.read(entry) == tar.extractfile(member).read(), member.name


def upload(host: Host) -> SharedHost:
    site = SharedHost(host, "public_html")
    host.run("cp -r ~/package/nanobot ~/public_html/", "alice")
    return site


def turn(site: SharedHost) -> int:
    """The status of a turn."""
    return chat(f"{site.url}/nanobot/v1", "Hello", "a", "none").status


# What was done wrong, the status, what the page quotes, and what it advises.
PERMISSIONS = f"chmod 755 {FOLDER} {FOLDER}/nanobot.cgi && chmod 644 {FOLDER}/index.php {FOLDER}/.htaccess"
AGAIN = f"rm -rf {FOLDER} && cp -r ~/package/nanobot ~/public_html/"
MISTAKES = {
    "a lost permission": (f"chmod 644 {FOLDER}/nanobot.cgi", 500, "policy violation", PERMISSIONS),
    "a program that others can change": (f"chmod 777 {FOLDER}/nanobot.cgi", 500, "policy violation", PERMISSIONS),
    "a folder that others can change": (f"chmod 777 {FOLDER}", 500, "policy violation", PERMISSIONS),
    "rules that nobody can read": (f"chmod 600 {FOLDER}/.htaccess", 403, "unable to check htaccess file", PERMISSIONS),
    "another owner": (f"chown root {FOLDER}/nanobot.cgi", 500, "policy violation", AGAIN),
}


def test_permissions_and_owners_are_mended_as_the_page_says(host: Host) -> None:
    site = upload(host)
    site.serve()
    page = host.path(f"{site.archive}/README.txt").read_text()
    assert turn(site) == 200
    for mistake, (command, status, says, advice) in MISTAKES.items():
        host.run(command)
        before = len(site.log())
        assert turn(site) == status, mistake
        assert re.search(rf"^ - {status}, .*\"{says}\"", page, re.MULTILINE) and says in site.log()[before:], mistake
        host.run(advice, "alice")
        assert turn(site) == 200, mistake


@pytest.mark.parametrize("php", [MOD_PHP, PHP_FPM], ids=["mod_php", "PHP-FPM"])
def test_php_restores_a_lost_permission_of_a_program_that_is_its_own(host: Host, php: str) -> None:
    site = upload(host)
    host.run("mkdir ~/.nanobot && chmod 777 ~/.nanobot", "alice")
    site.serve(runs=(), php=php)
    host.run(f"chmod 644 {FOLDER}/nanobot.cgi")
    health = get(f"{site.url}/nanobot/health")
    if php == PHP_FPM:
        assert health.status == 200
    else:
        assert health.status == 500 and "set its permissions to 755" in health.json["error"]["message"]
        host.run(PERMISSIONS)
        assert get(f"{site.url}/nanobot/health").status == 200


def test_where_options_and_programs_are_forbidden_php_takes_over(host: Host) -> None:
    site = upload(host)
    site.serve(overrides="FileInfo", php=PHP_FPM)
    assert turn(site) == 500 and "Options not allowed here" in site.log()
    rules = host.path(f"{FOLDER}/.htaccess")
    text = rules.read_text()
    rules.write_text("".join(line for line in text.splitlines(True) if not line.strip().startswith("Options")))
    assert turn(site) == 403 and "ExecCGI is off" in site.log()
    rules.write_text(text[: text.index("# CGI")] + text[text.index("# PHP") :])
    assert turn(site) == 200
    page = host.path(f"{site.archive}/README.txt").read_text()
    assert '500, "not allowed here"' in page and '403, "ExecCGI is off"' in page and 'from "# CGI" to the line before "# PHP"' in page


@pytest.mark.parametrize(("runs", "php"), [(["cgid"], ""), ([], MOD_PHP)], ids=["no suexec", "mod_php"])
def test_as_the_web_servers_user_it_needs_a_folder_of_its_own(host: Host, runs: list[str], php: str) -> None:
    site = upload(host)
    site.serve(runs=runs, php=php)
    assert turn(site) == 500 and "Cannot create the directory" in site.log()
    host.run("mkdir ~/.nanobot && chmod 777 ~/.nanobot && echo '{}' >~/.nanobot/config.json && chmod 644 ~/.nanobot/config.json", "alice")
    if not php:
        line = site.from_readme("SetEnv .*").replace("YOUR-NAME", "alice")
        rules = host.path(f"{FOLDER}/.htaccess")
        rules.write_text(f"{line}\n{rules.read_text()}")
    assert turn(site) == 200
    assert site.mode("/home/alice/.nanobot/data/sessions/a.json") == "600 www-data"
    # install.sh runs as the owner, and cannot try the program there.
    newer = site.unpack("newer")
    site.change(newer)
    assert "so nothing was changed" in site.install(archive=newer, status=1)
    host.run(f"diff -r ~/package/nanobot {FOLDER} --exclude .htaccess", "alice")
    assert turn(site) == 200 and "install.sh runs as you" in host.path(f"{site.archive}/README.txt").read_text()


def test_without_any_rules_php_answers_below_its_own_name(host: Host) -> None:
    site = upload(host)
    host.run(f"rm {FOLDER}/.htaccess && mkdir ~/.nanobot && chmod 777 ~/.nanobot", "alice")
    settings = site.from_readme(r'\{"auth":.*')
    host.path("/home/alice/.nanobot/config.json").write_text(settings)
    site.serve(overrides="None", rewrites=False, runs=(), php=MOD_PHP)
    assert "https://YOUR-SITE/nanobot/index.php/v1" in host.path(f"{site.archive}/README.txt").read_text()
    # PHP finds the header that no rule passes on.
    key = json.loads(settings)["auth"]["keys"][0]["key"]
    for secret, status in [(key, 200), ("nb-wrong", 401)]:
        assert get(f"{site.url}/nanobot/index.php/v1/models", "-H", f"Authorization: Bearer {secret}").status == status
