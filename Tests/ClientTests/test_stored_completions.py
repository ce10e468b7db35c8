"""Stored chat completions with OpenAI's own client, through nginx."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, calls, says
from test_openai import WEATHER, make_client

EMPTY = {"object": "list", "first_id": "", "last_id": "", "has_more": False}


@pytest.fixture
def client(server: Nanobot, key: str) -> openai.OpenAI:
    return make_client(server, key)


@pytest.fixture
def stranger(server: Nanobot) -> openai.OpenAI:
    """Names no session: it has nothing but ids."""
    return make_client(server, None)


def ask(client: openai.OpenAI, said: str | list, streams: bool = False, **parameters: object) -> ChatCompletion:
    """A completion, or what a stream makes of it."""
    messages = [{"role": "user", "content": said}] if isinstance(said, str) else said
    parameters = {"model": "nanobot", "messages": messages, "store": True} | parameters
    if not streams:
        return client.chat.completions.create(**parameters)
    with client.chat.completions.stream(**parameters) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion()


def text(completion: ChatCompletion) -> str:
    return completion.choices[0].message.content


def listed(client: openai.OpenAI, **parameters: object) -> list[str]:
    """The texts of what is stored, page by page."""
    return [text(completion) for completion in client.chat.completions.list(**parameters)]


def every(client: openai.OpenAI, id: str) -> list[Callable[[], object]]:
    """Each call that is about a completion."""
    completions = client.chat.completions
    return [
        lambda: completions.retrieve(id), lambda: completions.messages.list(id), lambda: completions.update(id, metadata={}),
        lambda: completions.delete(id),
    ]


def expect_nothing(client: openai.OpenAI, id: str) -> None:
    for call in every(client, id):
        with pytest.raises(openai.NotFoundError) as caught:
            call()
        assert caught.value.code == "not_found"


def expect(response: httpx.Response, status: int, code: str, param: str | None) -> None:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert (error["code"], error["param"]) == (code, param), error


def test_a_completion_is_found_again(client: openai.OpenAI, stranger: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(says("Hello, Bob."))
    completion = ask(client, "I am Bob.", streams, metadata={"topic": "names"})
    assert completion.id.startswith("chatcmpl-") and len(completion.id) <= 64
    found = stranger.chat.completions.retrieve(completion.id)
    assert (found.id, found.object, found.model, found.created) == (completion.id, "chat.completion", "nanobot", completion.created)
    assert (text(found), found.choices[0].finish_reason, found.metadata) == ("Hello, Bob.", "stop", {"topic": "names"})
    if not streams:
        assert found.to_dict() == completion.to_dict() | {"metadata": {"topic": "names"}}
    assert [found.to_dict()] == [item.to_dict() for item in client.chat.completions.list()]


def test_what_is_not_stored(client: openai.OpenAI, stranger: openai.OpenAI, server: Nanobot, peer: Peer, key: str, streams: bool):
    peer.script(says("one"), says("two"), says("three"), says("four"), says("five"))
    ids = [ask(client, "1", streams, store=False).id, ask(client, "2", streams, store=None, metadata={"a": "b"}).id]
    ids.append(ask(client, "3", streams, store=openai.omit).id)
    # Not even by the session.
    ids += [ask(client, "4", streams, extra_headers={"x-session-mode": mode}).id for mode in ("readonly", "ephemeral")]
    for id in ids:
        expect_nothing(stranger, id)
    assert httpx.get(f"{server.url}/chat/completions", headers={"x-session-key": key}).json() == EMPTY | {"data": []}
    assert stored(server, key)[::2] == ["user: 1", "user: 2", "user: 3"]


def test_a_session_that_does_not_exist(client: openai.OpenAI):
    assert listed(client) == []


def test_list(client: openai.OpenAI, server: Nanobot, peer: Peer):
    numbers = [str(number) for number in range(7)]
    peer.script(*map(says, [*numbers, "not stored", "last"]))
    halves = ["first"] * 4 + ["second"] * 3
    ids = [ask(client, f"{number}?", metadata={"half": half, "number": number}).id for number, half in zip(numbers, halves)]
    ask(client, "Not this one.", store=False)
    ids.append(ask(client, "Last?").id)
    everything = [*numbers, "last"]
    assert listed(client) == listed(client, order="asc") == everything
    assert listed(client, order="desc") == everything[::-1]
    # The iteration fetches what further pages there are.
    for limit in (1, 2, 3, 7, 8, 9, 100):
        assert listed(client, limit=limit) == everything
        assert listed(client, limit=limit, order="desc") == everything[::-1]
    assert listed(client, metadata={"half": "first"}) == numbers[:4]
    assert listed(client, metadata={"half": "second"}, limit=1, order="desc") == numbers[:3:-1]
    assert listed(client, metadata={"half": "first", "number": "2"}) == ["2"]
    assert listed(client, metadata={"half": "first", "number": "5"}) == listed(client, metadata={"none": ""}) == []
    assert listed(client, model="nanobot") == everything and listed(client, model="other") == []
    page = client.chat.completions.list(limit=3, after=ids[1]).to_dict()
    assert ([item["id"] for item in page["data"]], page["has_more"]) == (ids[2:5], True)
    assert (page["object"], page["first_id"], page["last_id"]) == ("list", ids[2], ids[4])
    last = client.chat.completions.list(limit=3, after=ids[4])
    assert ([item.id for item in last.data], last.has_more) == (ids[5:], False)
    assert client.chat.completions.list(limit=1, metadata={"number": "6"}).has_more is False
    assert len(set(ids)) == 8


def test_a_list_is_of_one_session(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    ask(client, "1")
    assert len(listed(client)) == 1
    assert listed(make_client(server, f"{key}:other")) == []


def test_pages_of_a_long_session(client: openai.OpenAI, peer: Peer):
    ids = [ask(client, str(number)).id for number in range(25)]
    assert [item.id for item in client.chat.completions.list().data] == ids[:20]
    assert [item.id for item in client.chat.completions.list()] == ids
    assert [item.id for item in client.chat.completions.list(order="desc")] == ids[::-1]


def test_update(client: openai.OpenAI, stranger: openai.OpenAI, peer: Peer):
    peer.script(says("one"), says("two"))
    first, second = ask(client, "1", metadata={"a": "b", "c": "d"}), ask(client, "2")
    changed = stranger.chat.completions.update(first.id, metadata={"a": "e"})
    # What was noted before is gone.
    assert changed.to_dict() == first.to_dict() | {"metadata": {"a": "e"}}
    assert stranger.chat.completions.retrieve(first.id) == changed
    assert listed(client, metadata={"a": "e"}) == ["one"] and listed(client, metadata={"a": "b"}) == []
    assert stranger.chat.completions.retrieve(second.id).metadata == {}
    assert stranger.chat.completions.update(first.id, metadata={}).metadata == {}
    assert listed(client) == ["one", "two"]


def test_delete(client: openai.OpenAI, stranger: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(says("one"), says("two"), says("three"), says("four"))
    first, second, third = [ask(client, number) for number in "123"]
    deleted = stranger.chat.completions.delete(second.id)
    assert deleted.to_dict() == {"object": "chat.completion.deleted", "id": second.id, "deleted": True}
    expect_nothing(stranger, second.id)
    assert listed(client) == ["one", "three"]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.list(after=second.id)
    assert caught.value.param == "after"
    assert stored(server, key) == ["user: 1", "assistant: one", "user: 3", "assistant: three"]
    ask(client, "4")
    assert asked(peer) == ["user: 1", "assistant: one", "user: 3", "assistant: three", "user: 4"]
    assert [text(stranger.chat.completions.retrieve(completion.id)) for completion in (first, third)] == ["one", "three"]


def test_what_the_session_loses_is_lost(client: openai.OpenAI, stranger: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(says("one"), says("two"))
    first, second = ask(client, "1"), ask(client, "2")
    headers = {"x-session-key": key}
    httpx.post(f"{server.url}/session/undo", headers=headers).raise_for_status()
    expect_nothing(stranger, second.id)
    assert listed(client) == ["one"]
    httpx.delete(f"{server.url}/session", headers=headers).raise_for_status()
    expect_nothing(stranger, first.id)
    assert listed(client) == []


def test_messages(client: openai.OpenAI, stranger: openai.OpenAI, peer: Peer):
    peer.script(says("one"))
    said = [{"role": "user", "content": f"{number}", "name": "bob"} for number in range(4)] + [{"role": "user", "content": "last"}]
    completion = ask(client, said)

    def messages(**parameters: object) -> list[str]:
        return [message.content for message in stranger.chat.completions.messages.list(completion.id, **parameters)]

    assert messages() == messages(order="asc", limit=2) == ["0", "1", "2", "3", "last"]
    assert messages(order="desc") == messages(order="desc", limit=1) == ["last", "3", "2", "1", "0"]
    page = stranger.chat.completions.messages.list(completion.id, limit=2).to_dict()
    first, second = page["data"]
    assert (first["role"], first["content"], first["name"]) == ("user", "0", "bob")
    assert (page["object"], page["first_id"], page["last_id"], page["has_more"]) == ("list", first["id"], second["id"], True)
    rest = stranger.chat.completions.messages.list(completion.id, after=second["id"])
    assert ([message.content for message in rest.data], rest.has_more) == (["2", "3", "last"], False)
    ids = [message.id for message in stranger.chat.completions.messages.list(completion.id)]
    assert len(set(ids)) == 5 and all(id and len(id) <= 64 for id in ids)


def test_a_tool_loop(client: openai.OpenAI, stranger: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(calls("get_weather", city="Paris"), says("Warm."))
    first = ask(client, "How is Paris?", streams, tools=[WEATHER])
    call = first.choices[0].message.tool_calls[0]
    second = ask(client, [{"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}], streams, tools=[WEATHER])
    found = stranger.chat.completions.retrieve(first.id).choices[0]
    assert (found.finish_reason, found.message.content) == ("tool_calls", None)
    (again,) = found.message.tool_calls
    assert (again.id, again.function.name, again.function.arguments) == (call.id, "get_weather", call.function.arguments)
    (message,) = stranger.chat.completions.messages.list(second.id).to_dict()["data"]
    assert (message["role"], message["content"], message["tool_call_id"]) == ("tool", "21 degrees", call.id)
    assert [text(completion) for completion in client.chat.completions.list()] == [None, "Warm."]


def test_parts_of_a_message(client: openai.OpenAI, stranger: openai.OpenAI, peer: Peer):
    pixel = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    parts = [{"type": "text", "text": "What is it?"}, pixel]
    completion = ask(client, [{"role": "user", "content": parts}])
    (message,) = stranger.chat.completions.messages.list(completion.id)
    # Clients read text where OpenAI's API has text, and the parts where it has parts.
    assert message.content is None or isinstance(message.content, str)
    assert [part.type for part in message.content_parts] == ["text", "image_url"]
    assert message.content_parts[1].image_url.url == pixel["image_url"]["url"]


def test_a_retry_is_one_completion(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    headers = {"x-session-key": key, "Idempotency-Key": "k"}
    body = {"model": "nanobot", "messages": [{"role": "user", "content": "1"}], "store": True, "metadata": {"a": "b"}}
    first, second = [httpx.post(f"{server.url}/chat/completions", json=body, headers=headers) for _ in range(2)]
    assert second.headers["idempotency-replayed"] == "true" and first.json() == second.json()
    assert [item.id for item in client.chat.completions.list()] == [first.json()["id"]]
    assert len(peer.requests()) == 1


def test_what_is_refused(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    completion = ask(client, "1")
    path, named = f"{server.url}/chat/completions", {"x-session-key": key}
    expect(httpx.get(path), 400, "missing_session_key", None)
    lists = [(path, named), (f"{path}/{completion.id}/messages", {})]
    for target, headers in lists:
        for query in ("limit=0", "limit=101", "limit=a", "limit=-1", "order=up", "after=msg_none", f"after={'a' * 5000}"):
            expect(httpx.get(f"{target}?{query}", headers=headers), 400, "invalid_value", query.partition("=")[0])
    for wrong in ({str(number): "" for number in range(17)}, {"a" * 65: ""}, {"a": "b" * 513}, {"a": 1}, {"a": None}, [], "a"):
        response = httpx.post(f"{path}/{completion.id}", json={"metadata": wrong})
        assert response.status_code == 400 and response.json()["error"]["code"] == "invalid_value", response.text
        assert response.json()["error"]["param"].startswith("metadata")
        body = {"messages": [{"role": "user", "content": "2"}], "store": True, "metadata": wrong}
        response = httpx.post(path, json=body, headers=named)
        assert response.status_code == 400 and response.json()["error"]["param"].startswith("metadata"), response.text
    expect(httpx.post(f"{path}/{completion.id}", json={}), 400, "invalid_value", "metadata")
    expect(httpx.post(f"{path}/{completion.id}", content="{"), 400, "invalid_json", None)
    body = {"messages": [{"role": "user", "content": "2"}], "store": "yes"}
    expect(httpx.post(path, json=body, headers=named), 400, "invalid_value", "store")
    most = {"a" * 64: "b" * 512} | {str(number): "ä" * 512 for number in range(15)}
    assert client.chat.completions.update(completion.id, metadata=most).metadata == most
    # None of them was asked.
    assert len(peer.requests()) == 1


def test_ids_of_nothing(client: openai.OpenAI, stranger: openai.OpenAI, server: Nanobot, peer: Peer):
    completion = ask(client, "1")
    other = ask(make_client(server, f"test:other:{time.time_ns()}"), "1")
    response = stranger.responses.create(model="nanobot", input="1")
    changed = completion.id[:-1] + ("0" if completion.id[-1] != "0" else "1")
    for id in (
        changed, completion.id[:-1], completion.id + "a", completion.id.replace("chatcmpl-", "resp_"), completion.id.upper(), "chatcmpl-",
        "chatcmpl-" + "a" * 5000, response.id, response.id.replace("resp_", "chatcmpl-"), response.output[0].id, "a",
    ):
        expect_nothing(stranger, id)
    with pytest.raises(openai.NotFoundError):
        stranger.responses.retrieve(completion.id)
    with pytest.raises(openai.NotFoundError):
        stranger.responses.retrieve(completion.id.replace("chatcmpl-", "resp_"))
    # One of another session is none of this list.
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.list(after=other.id)
    assert stranger.chat.completions.retrieve(completion.id).id == completion.id


def test_the_path_has_other_forms(client: openai.OpenAI, server: Nanobot, peer: Peer):
    completion = ask(client, "1")
    root = server.url.removesuffix("/v1")
    for path in (f"/chat/completions/{completion.id}", f"/v1/chat/completions/{completion.id}/"):
        assert httpx.get(root + path).json()["id"] == completion.id
        assert httpx.get(f"{root}{path.rstrip('/')}/messages/").json()["data"][0]["content"] == "1"


def test_a_restart(directory: Path, running_peer: Peer, peer: Peer, key: str):
    settings = {"UPSTREAM_URL": running_peer.url, "UPSTREAM_MODEL": "mock"}
    with Nanobot(directory / "stored", **settings) as server:
        completion = ask(make_client(server, key), "1", metadata={"a": "b"})
        changed = make_client(server, None).chat.completions.update(completion.id, metadata={"c": "d"})
    with Nanobot(directory / "stored", **settings) as server:
        assert make_client(server, None).chat.completions.retrieve(completion.id) == changed
        assert [item.id for item in make_client(server, key).chat.completions.list(metadata={"c": "d"})] == [completion.id]


@pytest.fixture(scope="module")
def closed(directory: Path, running_peer: Peer) -> Iterator[Nanobot]:
    """A server with API keys."""
    with Nanobot(directory / "completion-keys", UPSTREAM_URL=running_peer.url, UPSTREAM_MODEL="mock") as server:
        server.add_key("--name", "first", "--scope", "*")
        yield server


def test_keys(closed: Nanobot, peer: Peer):
    def client_of(name: str, *arguments: str, key: str | None = None) -> openai.OpenAI:
        headers = {"x-session-key": key} if key else {}
        secret = closed.add_key("--name", name, *arguments)
        return openai.OpenAI(base_url=closed.url, api_key=secret, max_retries=0, default_headers=headers)

    amy, bob = client_of("amy", "--scope", "amy:", key="amy:1"), client_of("bob", "--scope", "bob:", key="bob:1")
    completion = ask(amy, "1")
    expect_nothing(bob, completion.id)
    assert listed(bob) == [] and len(listed(amy)) == 1
    with pytest.raises(openai.PermissionDeniedError):
        bob.chat.completions.list(extra_headers={"x-session-key": "amy:1"})
    for routes, allowed in [("read", {0, 1}), ("chat", set()), ("write", {2})]:
        limited = client_of(f"all-{routes}", "--scope", "*", "--routes", routes)
        # The last one deletes.
        for number, call in enumerate(every(limited, completion.id)[:3]):
            if number in allowed:
                call()
            else:
                with pytest.raises(openai.PermissionDeniedError):
                    call()
    assert amy.chat.completions.retrieve(completion.id).id == completion.id
