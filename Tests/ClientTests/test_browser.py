"""Chromium, with pages of other origins than the API's."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from nanobot import Nanobot
from program import free_port

# What OpenAI's client for JavaScript sends.
STAINLESS = {
    "x-stainless-arch": "unknown", "x-stainless-lang": "js", "x-stainless-os": "Unknown", "x-stainless-package-version": "6.9.1",
    "x-stainless-retry-count": "0", "x-stainless-runtime": "browser:chrome", "x-stainless-runtime-version": "156.0.0",
    "x-stainless-timeout": "600",
}
BODY_LIMIT = 4096

# Reads each response chunk by chunk, as a page does that shows words as they come.
FETCH = """
const [url, init, done] = arguments;
(async () => {
    const response = await fetch(url, init);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
        const {value, done} = await reader.read();
        if (done) break;
        text += value;
    }
    return {status: response.status, headers: Object.fromEntries(response.headers), text};
})().then(done, error => done({failure: error.name}));
"""


class Page(http.server.BaseHTTPRequestHandler):
    """An empty page, which belongs to whatever port it came from."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>A page</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def origins() -> Iterator[list[str]]:
    """Two origins with pages. The API allows the first."""
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Page) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def api(directory: Path, origins: list[str]) -> Iterator[Nanobot]:
    settings = {"CORS_ORIGINS": origins[0], "STREAM": "true", "LIMITS_BODY_BYTES": str(BODY_LIMIT)}
    with Nanobot(directory / "browser", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def secret(api: Nanobot) -> str:
    return api.add_key("--name", "app", "--scope", "test:")


@pytest.fixture(scope="module")
def start_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], webdriver.Chrome]]:
    """Starts a browser with a profile of its own."""
    browsers = []

    def start() -> webdriver.Chrome:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        profile = tmp_path_factory.mktemp("profile")
        # Root's Chromium has no sandbox, and nobody on the Internet is asked.
        for argument in ["headless=new", "no-sandbox", "disable-gpu", "disable-background-networking", "no-first-run", f"user-data-dir={profile}"]:
            options.add_argument(f"--{argument}")
        browsers.append(webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver")))
        return browsers[-1]

    yield start
    for browser in browsers:
        browser.quit()


@pytest.fixture(scope="module")
def browser(start_browser: Callable[[], webdriver.Chrome]) -> webdriver.Chrome:
    return start_browser()


def fetch(browser: webdriver.Chrome, url: str, method: str = "GET", body: str | None = None, **headers: str) -> dict:
    """What the script of the page that is open gets to see."""
    init = {"method": method, "headers": {name.replace("_", "-"): value for name, value in headers.items()}, "body": body}
    return browser.execute_async_script(FETCH, url, init)


def ask(browser: webdriver.Chrome, api: Nanobot, text: str, parameters: str = "", **headers: str) -> dict:
    body = f'{{"model":"nanobot",{parameters}"messages":[{{"role":"user","content":"{text}"}}]}}'
    return fetch(browser, f"{api.url}/chat/completions", "POST", body, content_type="application/json", **STAINLESS, **headers)


def test_a_page_sees_answers_and_errors(browser: webdriver.Chrome, api: Nanobot, origins: list[str], secret: str, key: str):
    browser.get(origins[0])
    caller = {"authorization": f"Bearer {secret}", "x_session_key": key}
    answer = ask(browser, api, "Hello", **caller, idempotency_key="one")
    assert answer["status"] == 200 and '"role":"assistant"' in answer["text"]
    assert answer["headers"]["x-request-id"].startswith("req_")
    again = ask(browser, api, "Hello", **caller, idempotency_key="one")
    assert again["headers"]["idempotency-replayed"] == "true"

    stream = ask(browser, api, "Hello", '"stream":true,', **caller)
    assert stream["headers"]["content-type"].startswith("text/event-stream") and stream["text"].endswith("data: [DONE]\n\n")
    assert len(api.turns(key)) == 2

    for refused, status, code in [
        (ask(browser, api, "Hello", authorization=f"Bearer {secret}"), 400, "missing_session_key"),
        (ask(browser, api, "Hello", x_session_key=key), 401, "invalid_api_key"),
        (ask(browser, api, "Hello", authorization="Bearer wrong", x_session_key=key), 401, "invalid_api_key"),
        (ask(browser, api, "Hello", authorization=f"Bearer {secret}", x_session_key="other:1"), 403, "session_not_allowed"),
        (fetch(browser, f"{api.url}/nothing", x_session_key=key), 404, "not_found"),
        (ask(browser, api, "x" * (BODY_LIMIT + 1), **caller), 413, "request_too_large"),
    ]:
        assert refused["status"] == status and f'"code":"{code}"' in refused["text"]
        assert refused["headers"]["x-request-id"].startswith("req_")
    # nginx's own refusal.
    refused = ask(browser, api, "x" * (20 * BODY_LIMIT), **caller)
    assert refused["status"] == 413 and '"code":"request_too_large"' in refused["text"]
    assert not refused["headers"]["x-request-id"].startswith("req_")
    assert fetch(browser, f"{api.url}/session", "DELETE", **caller)["status"] == 200


def test_a_page_of_another_origin_sees_nothing(browser: webdriver.Chrome, api: Nanobot, origins: list[str], secret: str, key: str):
    browser.get(origins[1])
    assert ask(browser, api, "Hello", authorization=f"Bearer {secret}", x_session_key=key) == {"failure": "TypeError"}
    assert fetch(browser, f"{api.url}/models") == {"failure": "TypeError"}
    assert api.turns(key) == []


# What a page does that has a publishable key: it keeps the visitor, and says who it is.
SAY = """
const [url, key, text, done] = arguments;
(async () => {
    const headers = {"authorization": `Bearer ${key}`, "content-type": "application/json"};
    const visitor = localStorage.getItem("visitor");
    if (visitor) headers["x-visitor"] = visitor;
    const body = JSON.stringify({messages: [{role: "user", content: text}]});
    const response = await fetch(`${url}/chat/completions`, {method: "POST", headers, body});
    localStorage.setItem("visitor", response.headers.get("x-visitor"));
    return (await response.json()).choices[0].message.content;
})().then(done, error => done(String(error)));
"""


def test_visitors_of_a_page_do_not_meet(
    browser: webdriver.Chrome, start_browser: Callable[[], webdriver.Chrome], api: Nanobot, origins: list[str], secret: str
):
    public = api.add_key("--name", "site", "--kind", "publishable", "--origin", origins[1])
    alice, bob = browser, start_browser()

    def say(browser: webdriver.Chrome, text: str) -> str:
        browser.get(origins[1])
        return browser.execute_async_script(SAY, api.url, public, text)

    def visitor(browser: webdriver.Chrome) -> str:
        return browser.execute_script("return localStorage.getItem('visitor')")

    say(alice, "My hat is violet")
    say(bob, "My hat is green")
    # Each time the page is loaded anew.
    assert "violet" in say(alice, "What did I just say?")
    assert "green" in say(bob, "What did I just say?")
    session = fetch(alice, f"{api.url}/session", x_api_key=public, x_visitor=visitor(alice))
    assert "violet" in session["text"] and "green" not in session["text"] and '"turns":2' in session["text"]
    # Bob takes Alice's session key, and her name with his own signature.
    key, his = json.loads(session["text"])["key"], visitor(bob)
    forged = visitor(alice).split(".")[0] + "." + his.split(".")[1]
    for refused, status, code in [
        (fetch(bob, f"{api.url}/session", x_api_key=public, x_visitor=his, x_session_key=key), 403, "session_not_allowed"),
        (fetch(bob, f"{api.url}/session", x_api_key=public, x_visitor=forged), 401, "invalid_visitor"),
        (fetch(bob, f"{api.url}/sessions", x_api_key=public, x_visitor=his), 403, "route_not_allowed"),
    ]:
        assert refused["status"] == status and f'"code":"{code}"' in refused["text"]
    # A page that the settings allow reads why the key is refused there.
    bob.get(origins[0])
    refused = fetch(bob, f"{api.url}/session", x_api_key=public, x_visitor=his)
    assert refused["status"] == 403 and '"code":"origin_not_allowed"' in refused["text"]
    # The key of the app, which names no page, works in none but that of the settings.
    bob.get(origins[1])
    assert fetch(bob, f"{api.url}/key", x_api_key=secret) == {"failure": "TypeError"}
