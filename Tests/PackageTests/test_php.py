"""The archive on a host that runs PHP and no programs: index.php runs the program."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse

import pytest
from api import ALICE, Response, by_key, chat, expect_eight_calls, get
from held_upstream import HeldUpstream
from host import Host, wait_until
from shared_host import MOD_PHP, PHP_FPM, SUEXEC, SharedHost

BOTH = pytest.mark.parametrize("php", [MOD_PHP, PHP_FPM], ids=["mod_php", "PHP-FPM"])
# What php.ini says where it is careless of streams.
BUFFERING = "output_buffering = 4096\nzlib.output_compression = On\ndisplay_errors = On\n"
PROGRAM = "/home/alice/public_html/nanobot/nanobot.cgi"


def upload(host: Host, settings: dict | None = None) -> SharedHost:
    """Does what the page says for people with a control panel, on a host whose PHP may run as another user."""
    site = SharedHost(host, "public_html")
    host.run("cp -r ~/package/nanobot ~/public_html/ && mkdir ~/.nanobot && chmod 777 ~/.nanobot", "alice")
    settings = settings or json.loads(site.from_readme(r'\{"auth":.*'))
    host.path("/home/alice/.nanobot/config.json").write_text(json.dumps(settings))
    return site


@pytest.mark.parametrize(
    ("php", "rewrites"), [(MOD_PHP, True), (PHP_FPM, True), (MOD_PHP, False)], ids=["mod_php", "PHP-FPM", "mod_php without mod_rewrite"]
)
def test_the_eight_calls_and_nothing_is_served(host: Host, php: str, rewrites: bool) -> None:
    site = upload(host)
    site.serve("FileInfo Options" if rewrites else "All", rewrites, runs=(), php=php, settings=BUFFERING)
    folder = f"{site.url}/nanobot"
    api = folder if rewrites else f"{folder}/index.php"
    secret = json.loads(site.from_readme(r'\{"auth":.*'))["auth"]["keys"][0]["key"]
    expect_eight_calls(api, secret)
    assert get(f"{api}/v1/models", "-H", f"Authorization: Bearer {secret}").status == 200
    assert site.mode("/home/alice/.nanobot/data").split()[1] == ("www-data" if php == MOD_PHP else "alice")
    assert get(f"{folder}/index.php/health").status == (404 if rewrites else 200)
    if rewrites:
        assert get(f"{folder}/%68ealth?a=/x").status == 200
        assert get(f"{folder}/x/health").status == get(f"{folder}/x/nanobot/health").status == 404
        assert "content-length: 15" in get(f"{api}/health", "--head").body.lower()

    # Larger than what PHP takes in as a form, and than what a pipe holds; and without a length.
    for size, status in [(900_000, 200), (20_000_000, 413)]:
        body = host.path("/tmp/body")
        body.write_text(json.dumps({"messages": [{"role": "user", "content": "x" * size}]}))
        for options in [[], ["-H", "Transfer-Encoding: chunked"]]:
            headers = ["-H", "Content-Type: application/json", "-H", "x-session-key: large", *options]
            response = get(f"{api}/v1/chat/completions", *headers, *by_key(secret), "--data-binary", f"@{body}")
            assert response.status == status, (size, options, response.body)

    host.run("echo private-text >~/public_html/nanobot/notes.txt", "alice")
    session = f".nanobot/data/sessions/{ALICE.replace(':', '%3A')}.json"
    for path in [
        "notes.txt", ".htaccess", "nanobot.cgi", "index.php", session, ".nanobot/config.json", f"../{session}", f"../../{session}",
    ]:  # fmt: skip
        response = get(f"{folder}/{path}")
        assert response.status in (400, 403, 404), f"{path}: {response}"
        assert "error" in response.body or "<html>" in response.body
        assert not any(text in response.body for text in ["private-text", "RewriteRule", "turns", "<?php", "ELF"])


# What a client may write for a path, and whether there is something at it.
SPELLINGS = {
    "/nanobot/x/../health": 200, "/nanobot//health": 200, "/nanobot/%2e%2e/nanobot/health": 200, "http://x/nanobot/health": 200,
    "//nanobot/v1/models": 200, "/nanobot/a/v1/models": 404, "//nanobot/a/v1/models": 404, "/./nanobot/a/v1/models": 404,
    "/a/../nanobot/a/v1/models": 404, "http://x/nanobot/a/v1/models": 404, "/nanobot/%0a/v1/models": 404,
    "/nanobot/nanobot.cgi/v1/models": 404, "/nanobot/index.php/v1/models": 404, "//nanobot/./index%2ephp/v1/models": 404,
}  # fmt: skip


@pytest.mark.parametrize(("runs", "php"), [(SUEXEC, ""), ((), MOD_PHP), ((), PHP_FPM)], ids=["CGI", "mod_php", "PHP-FPM"])
def test_however_it_is_written_each_path_has_one_place(host: Host, runs: Sequence[str], php: str) -> None:
    """So that a rule of the web server for some paths cannot be passed by."""
    site = upload(host, {"stream": True})
    site.serve(runs=runs, php=php)
    found = {path: get(site.url, "--request-target", path).status for path in SPELLINGS}
    assert found == SPELLINGS


def test_without_rules_an_address_that_is_written_in_another_way_is_not_found(host: Host) -> None:
    site = upload(host, {"stream": True})
    site.serve(overrides="None", rewrites=False, runs=(), php=PHP_FPM)
    paths = {"/nanobot/index.php/v1/models": 200, "//nanobot/index.php/v1/models": 404, "/x/../nanobot/index.php/a/v1/models": 404}
    answers = {path: get(site.url, "--request-target", path) for path in paths}
    assert {path: answer.status for path, answer in answers.items()} == paths
    error = answers["//nanobot/index.php/v1/models"].json["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "not_found")


@contextmanager
def stream(url: str) -> Iterator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", timeout=60)
    body = json.dumps({"stream": True, "messages": [{"role": "user", "content": "Hello"}]})
    connection.request("POST", "/nanobot/v1/chat/completions", body, {"x-session-key": "a", "Accept-Encoding": "gzip"})
    with connection.getresponse() as response:
        yield response
    connection.close()


def read_until(response: HTTPResponse, text: bytes) -> bytes:
    data = b""
    while text not in data:
        piece = response.read1(65536)
        assert piece, data
        data += piece
    return data


@BOTH
@pytest.mark.parametrize("policy", ["finish", "cancel"])
def test_a_stream_comes_as_it_is_made_and_a_client_may_leave_it(host: Host, php: str, policy: str) -> None:
    with HeldUpstream(is_endless=policy == "cancel") as upstream:
        site = upload(host, {"stream": True, "onDisconnect": policy, "upstream": upstream.settings})
        site.serve(runs=(), php=php, settings=BUFFERING)
        session = host.path("/home/alice/.nanobot/data/sessions/a.json")
        with stream(site.url) as response:
            assert response.getheader("X-Accel-Buffering") == "no" and response.getheader("Content-Encoding") is None
            assert b"two" not in read_until(response, b"one ")
            if policy == "finish":
                upstream.released.set()
                assert b"two" in read_until(response, b"[DONE]")
                session.unlink()
                upstream.released.clear()
        if policy == "finish":
            with stream(site.url) as response:
                read_until(response, b"one ")
        upstream.released.set()
        if policy == "finish":
            wait_until(lambda: session.exists() and '"content":"one two"' in session.read_text(), "the turn is stored")
        else:
            wait_until(upstream.left.is_set, "the program left its upstream")
            assert not session.exists()


# What any program could do.
PROGRAMS = {
    "ends": "echo the-reason >&2; exit 3",
    "writes no head": "echo text",
    "is killed": "kill -9 $$",
    "dies in a stream": "printf 'Content-Type: text/event-stream\\n\\ndata: 1\\n\\n'; kill -9 $$",
    "reads nothing": "echo Status: 413 Too large; echo Content-Type: text/plain; echo; echo refused",
    "logs much before it reads": "head -c 4096 >/dev/null; yes log-line | head -n 100000 >&2; echo Content-Type: text/plain; echo; echo done",
    "echoes": "echo Status: 402; echo Set-Cookie: a=1; echo Set-Cookie: b=2; echo Content-Type: text/x; echo; cat; env",
    "lists what is open": "echo Content-Type: text/plain; echo; for number in 3 4 5 6 7 8 9; do readlink /proc/$$/fd/$number; done",
}


@BOTH
def test_whatever_a_program_does_the_client_gets_an_answer(host: Host, php: str) -> None:
    site = upload(host)
    site.serve(runs=(), php=php, settings=BUFFERING)
    url = f"{site.url}/nanobot/v1/models?a=b"

    def ask(program: str, *options: str) -> str:
        site.put(f"#!/bin/sh\n{PROGRAMS[program]}\n", PROGRAM)
        response = get(url, "-i", *options)
        assert "/home/" not in response.body or program == "echoes"
        return response.body

    for program in ["ends", "writes no head", "is killed"]:
        answer = ask(program)
        assert " 500 " in answer.split("\n")[0] and "x-request-id: req_" in answer, answer
        error = json.loads(answer.split("\n\n")[-1])["error"]
        assert (error["type"], error["param"], error["code"]) == ("server_error", None, "internal_error")
    assert "the-reason" in site.log() and f"{PROGRAM} ended with status 3" in site.log()
    assert 'data: 1\n\n\n\ndata: {"error":' in ask("dies in a stream").replace(":" + " " * 9000 + "\n\n", "")
    body = host.path("/tmp/body")
    body.write_bytes(b"x" * 5_000_000)
    large = ["--data-binary", f"@{body}", "-H", "Content-Type: application/json"]
    assert ask("reads nothing", *large).endswith("\n\nrefused\n")
    assert ask("logs much before it reads", *large).endswith("\n\ndone\n")

    # Neither the client's connection nor a file of PHP's.
    assert not re.search(r"socket|index[.]php", ask("lists what is open"))

    answer = ask("echoes", "-d", "the-body", "-H", "Authorization: Bearer k", "-H", "x-session-key: a")
    assert " 402 " in answer.split("\n")[0] and "Set-Cookie: a=1\nSet-Cookie: b=2\n" in answer and "Content-Type: text/x\n" in answer
    assert "\n\nthe-body" in answer and "X-Powered-By" not in answer
    lines = answer.split("the-body", 1)[1].splitlines()
    for expected in [
        "GATEWAY_INTERFACE=CGI/1.1", "REQUEST_METHOD=POST", "REQUEST_URI=/nanobot/v1/models?a=b", "SCRIPT_NAME=/nanobot",
        "PATH_INFO=/v1/models", "QUERY_STRING=a=b", "CONTENT_LENGTH=8", "CONTENT_TYPE=application/x-www-form-urlencoded",
        "HTTP_AUTHORIZATION=Bearer k", "HTTP_X_SESSION_KEY=a", "REMOTE_ADDR=127.0.0.1", "DOCUMENT_ROOT=/home/alice/public_html",
        "SERVER_PORT=80", "HOME=/home/alice",
    ]:  # fmt: skip
        assert expected in lines, (expected, lines)


@BOTH
@pytest.mark.parametrize("needed", ["proc_open", "stream_set_blocking"])
def test_where_php_may_not_start_programs_it_says_so(host: Host, php: str, needed: str) -> None:
    site = upload(host)
    disabled = "set_time_limit,ignore_user_abort,ini_set,get_current_user,apache_request_headers,error_log,chmod"
    site.serve(runs=(), php=php, settings=f"disable_functions = {needed},{disabled}\n")
    response = get(f"{site.url}/nanobot/health")
    assert response.status == 503 and f"{needed} is disabled" in response.json["error"]["message"]


@pytest.mark.parametrize(("php", "mended"), [(MOD_PHP, False), (PHP_FPM, False), (PHP_FPM, True)], ids=["mod_php", "PHP-FPM", "mended PHP-FPM"])
def test_a_warning_of_phps_before_the_answer_goes_as_the_page_says(host: Host, php: str, mended: bool) -> None:
    site = upload(host, {"stream": True})
    shown = "display_errors = Off\n" if mended else "display_errors = On\ndisplay_startup_errors = On\n"
    site.serve(runs=(), php=php, settings=f"{shown}output_buffering = 0\npost_max_size = 8M\n")
    body = host.path("/tmp/body")
    body.write_text(json.dumps({"messages": [{"role": "user", "content": "x" * 20_000_000}]}))

    def post() -> Response:
        headers = ["-H", "Content-Type: application/json", "-H", "x-session-key: large"]
        return get(f"{site.url}/nanobot/v1/chat/completions", *headers, "--data-binary", f"@{body}")

    assert "turn display_errors off" in host.path(f"{site.archive}/README.txt").read_text()
    if not mended:
        assert "POST Content-Length" in post().body
    if php == MOD_PHP:
        host.run(f"echo '{site.from_readme('php_flag .*')}' >>~/public_html/nanobot/.htaccess", "alice")
    if mended or php == MOD_PHP:
        response = post()
        assert response.status == 413 and response.json["error"]["code"], response.body[:200]


@BOTH
def test_it_finds_its_owners_settings_where_php_may_not_look(host: Host, php: str) -> None:
    # The home directory may also be a link.
    host.run("mkdir /data && ln -s /data /home2")
    site = upload(host, {"model": {"name": "mybot"}})
    host.run("mv /home/alice /data/ && ln -s /data/alice /home/alice && usermod --home /home2/alice alice")
    site.serve(runs=(), php=php, settings="open_basedir = /data/alice/public_html:/home/alice/public_html:/tmp\n")
    models = get(f"{site.url}/nanobot/v1/models")
    assert models.status == 200 and models.json["data"][0]["id"] == "mybot", models.body
