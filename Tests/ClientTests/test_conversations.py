"""The Conversations API with OpenAI's own client, through nginx."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest

from conversation import asked
from nanobot import Nanobot
from peer import Peer, says
from test_openai import make_client
from test_responses import CALL, LOOP, WEATHER, client, respond, result  # noqa: F401

CALLED = {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city": "Paris"}'}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "21 degrees"}


def said(text: str, role: str = "user") -> dict:
    return {"type": "message", "role": role, "content": text}


def line(item: object) -> str:
    """An item on a line."""
    if item.type == "message":
        return f"{item.role}: {' '.join(part.text for part in item.content)}"
    if item.type == "function_call":
        return f"calls {item.name}"
    return item.output if item.type == "function_call_output" else f"thinks {item.content[0].text}"


def listed(client: openai.OpenAI, id: str, **parameters: object) -> list[str]:
    """All items, page by page, the first one first."""
    return [line(item) for item in client.conversations.items.list(id, **{"order": "asc", **parameters})]


def expect(response: httpx.Response, status: int, code: str, param: str | None) -> None:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert (error["code"], error["param"]) == (code, param), error


def every(client: openai.OpenAI, id: str, item: str) -> list[Callable[[], object]]:
    """Each call that is about a conversation or an item of it."""
    conversations = client.conversations
    return [
        lambda: conversations.retrieve(id), lambda: conversations.update(id, metadata={}), lambda: conversations.items.list(id),
        lambda: conversations.items.create(id, items=[said("1")]), lambda: conversations.items.retrieve(item, conversation_id=id),
        lambda: conversations.items.delete(item, conversation_id=id), lambda: conversations.delete(id),
    ]


def test_a_conversation(client: openai.OpenAI, server: Nanobot, peer: Peer):
    conversation = client.conversations.create(metadata={"topic": "names"})
    assert conversation.id.startswith("conv_") and len(conversation.id) <= 64
    assert (conversation.object, conversation.metadata) == ("conversation", {"topic": "names"})
    assert abs(conversation.created_at - time.time()) < 120
    # Another client, which has nothing but the id.
    other = make_client(server, None)
    assert other.conversations.retrieve(conversation.id) == conversation
    changed = other.conversations.update(conversation.id, metadata={"place": "Paris", "empty": ""})
    assert changed.to_dict() == conversation.to_dict() | {"metadata": {"place": "Paris", "empty": ""}}
    assert client.conversations.retrieve(conversation.id) == changed
    assert client.conversations.update(conversation.id, metadata={}).metadata == {}
    deleted = client.conversations.delete(conversation.id)
    assert deleted.to_dict() == {"id": conversation.id, "object": "conversation.deleted", "deleted": True}
    for call in every(client, conversation.id, "msg_none"):
        with pytest.raises(openai.NotFoundError) as caught:
            call()
        assert caught.value.code == "not_found"


def test_a_conversation_needs_no_body(server: Nanobot):
    first, second, third = [httpx.post(f"{server.url}/conversations", content=body).json() for body in ("", "{}", '{"items":[]}')]
    assert first["metadata"] == second["metadata"] == third["metadata"] == {}
    assert len({first["id"], second["id"], third["id"]}) == 3
    assert httpx.get(f"{server.url}/conversations/{first['id']}/items").json() == {
        "object": "list", "data": [], "first_id": "", "last_id": "", "has_more": False,
    }


def test_responses_go_on_in_it(client: openai.OpenAI, peer: Peer, streams: bool):
    conversation = client.conversations.create()
    peer.script(says("Hello, Bob."), says("You are Bob."))
    first = respond(client, "I am Bob.", streams, conversation=conversation.id)
    second = respond(client, "Who am I?", streams, conversation={"id": conversation.id})
    assert first.conversation.id == second.conversation.id == conversation.id
    assert asked(peer) == ["user: I am Bob.", "assistant: Hello, Bob.", "user: Who am I?"]
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [line(item) for item in items] == [*asked(peer), "assistant: You are Bob."]
    assert [items[1].id, items[3].id] == [first.output[0].id, second.output[0].id]
    assert [item.id for item in client.responses.input_items.list(second.id)] == [items[2].id]
    assert client.responses.retrieve(first.id).to_dict() == first.to_dict()
    # The last one first, unless the client says otherwise.
    assert [item.id for item in client.conversations.items.list(conversation.id)] == [item.id for item in reversed(items)]


def test_a_tool_loop_in_it(client: openai.OpenAI, peer: Peer, streams: bool):
    conversation = client.conversations.create()
    peer.script(CALL, says("Warm."))
    first = respond(client, "How is Paris?", streams, conversation=conversation.id, tools=[WEATHER])
    respond(client, [result(first.output[0])], streams, conversation=conversation.id, tools=[WEATHER])
    assert asked(peer) == LOOP
    assert listed(client, conversation.id) == ["user: How is Paris?", "calls get_weather", "21 degrees", "assistant: Warm."]


def test_it_begins_with_items(client: openai.OpenAI, peer: Peer):
    items = [said("Be brief.", "developer"), said("How is Paris?"), CALLED, RESULT, said("Warm.", "assistant")]
    conversation = client.conversations.create(items=items)
    assert listed(client, conversation.id) == [
        "developer: Be brief.", "user: How is Paris?", "calls get_weather", "21 degrees", "assistant: Warm.",
    ]
    respond(client, "Thanks.", conversation=conversation.id)
    assert asked(peer) == ["developer: Be brief.", *LOOP, "assistant: Warm.", "user: Thanks."]


def test_the_key_of_a_session_is_a_conversation(server: Nanobot, peer: Peer):
    key = f"test:ä ?#%2F:{time.time_ns()}"
    peer.script(says("one"), says("two"))
    headers = {"x-session-key": key.encode()}
    body = {"model": "nanobot", "messages": [{"role": "user", "content": "1"}]}
    assert httpx.post(f"{server.url}/chat/completions", json=body, headers=headers).status_code == 200
    client = make_client(server, None)
    conversation = client.conversations.retrieve(key)
    assert (conversation.id, conversation.metadata) == (key, {})
    assert listed(client, key) == ["user: 1", "assistant: one"]
    (added,) = client.conversations.items.create(key, items=[said("2")]).data
    assert client.conversations.update(key, metadata={"a": "b"}).id == key
    assert respond(client, "3", conversation=key).conversation.id == key
    assert asked(peer) == ["user: 1", "assistant: one", "user: 2", "user: 3"]
    client.conversations.items.delete(added.id, conversation_id=key)
    assert listed(client, key) == ["user: 1", "assistant: one", "user: 3", "assistant: two"]
    assert client.conversations.delete(key).id == key
    assert httpx.get(f"{server.url}/session", headers=headers).status_code == 404


def test_a_session_that_is_removed_takes_its_metadata_along(server: Nanobot, peer: Peer, key: str):
    client = make_client(server, key)
    peer.script(says("one"), says("two"))
    assert server.ask(key, "1").status_code == 200
    client.conversations.update(key, metadata={"a": "b"})
    httpx.delete(f"{server.url}/session", headers={"x-session-key": key}).raise_for_status()
    assert server.ask(key, "2").status_code == 200
    assert client.conversations.retrieve(key).metadata == {}


def test_a_conversation_that_is_gone(client: openai.OpenAI, peer: Peer, streams: bool):
    conversation = client.conversations.create()
    peer.script(says("one"))
    response = respond(client, "1", streams, conversation=conversation.id)
    client.conversations.delete(conversation.id)
    for given in (conversation.id, {"id": conversation.id}, "conv_none", "conv_" + "a" * 500):
        with pytest.raises(openai.NotFoundError) as caught:
            respond(client, "2", streams, conversation=given)
        assert (caught.value.code, caught.value.param) == ("not_found", "conversation")
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)
    with pytest.raises(openai.BadRequestError) as caught:
        respond(client, "2", streams, previous_response_id=response.id)
    assert caught.value.code == "previous_response_not_found"
    assert len(peer.requests()) == 1


def test_what_is_refused(client: openai.OpenAI, server: Nanobot, peer: Peer):
    conversation = client.conversations.create(items=[said("0")])
    path = f"{server.url}/conversations/{conversation.id}"
    many = [said(str(number)) for number in range(21)]
    metadata = [
        {str(number): "" for number in range(17)}, {"a" * 65: ""}, {"a": "b" * 513}, {"a": 1}, {"a": None}, [], "a", {"a": {}},
    ]
    for target in (f"{server.url}/conversations", path):
        for wrong in metadata:
            response = httpx.post(target, json={"metadata": wrong})
            assert response.status_code == 400 and response.json()["error"]["code"] == "invalid_value", response.text
            assert response.json()["error"]["param"].startswith("metadata")
        expect(httpx.post(target, content="{"), 400, "invalid_json", None)
        expect(httpx.post(target, content="[]"), 400, "invalid_json", None)
    for target in (f"{server.url}/conversations", f"{path}/items"):
        for wrong in (many, "a", {}, [5], [{}], [said("a", "nobody")], [{"type": "item_reference", "id": "msg_none"}]):
            response = httpx.post(target, json={"items": wrong})
            assert response.status_code in (400, 404), response.text
            assert response.json()["error"]["param"].startswith("items"), response.text
        response = httpx.post(target, json={"items": [{"type": "web_search_call", "id": "ws_1"}]})
        assert response.status_code == 400, response.text
    expect(httpx.post(path, json={}), 400, "invalid_value", "metadata")
    expect(httpx.post(f"{path}/items", json={}), 400, "invalid_value", "items")
    expect(httpx.post(f"{path}/items", json={"items": []}), 400, "invalid_value", "items")
    for query in ("limit=0", "limit=101", "limit=-1", "limit=a", "limit=1.5", "limit=99999999999999999999", "order=up", "after=msg_none"):
        expect(httpx.get(f"{path}/items?{query}"), 400, "invalid_value", query.partition("=")[0])
    # What is at the limits.
    most = {"a" * 64: "b" * 512} | {str(number): "ä" * 512 for number in range(15)}
    assert client.conversations.update(conversation.id, metadata=most).metadata == most
    assert len(client.conversations.items.create(conversation.id, items=many[:20]).data) == 20
    assert len(listed(client, conversation.id)) == 21
    for method, target in [("PUT", path), ("PATCH", path), ("DELETE", f"{path}/items"), ("GET", f"{server.url}/conversations")]:
        expect(httpx.request(method, target), 405, "method_not_allowed", None)
    assert peer.requests() == []


def test_the_path_has_other_forms(client: openai.OpenAI, server: Nanobot, peer: Peer):
    conversation = client.conversations.create(items=[said("0")])
    root = server.url.removesuffix("/v1")
    for path in (f"/conversations/{conversation.id}", f"/conversations/{conversation.id}/", f"/v1/conversations/{conversation.id}/"):
        assert httpx.get(root + path).json() == conversation.to_dict()
    assert httpx.get(f"{root}/conversations/{conversation.id}/items/").json()["data"][0]["content"][0]["text"] == "0"


def test_a_request_that_comes_twice(server: Nanobot, peer: Peer):
    headers = {"Idempotency-Key": f"key-{time.time_ns()}"}
    body = {"items": [said("0")], "metadata": {"a": "b"}}
    first, second = [httpx.post(f"{server.url}/conversations", json=body, headers=headers).json() for _ in range(2)]
    assert first == second
    client = make_client(server, None)
    assert listed(client, first["id"]) == ["user: 0"]
    path = f"{server.url}/conversations/{first['id']}/items"
    pages = [httpx.post(path, json={"items": [said("1")]}, headers=headers | {"Idempotency-Key": "1"}).json() for _ in range(2)]
    assert pages[0] == pages[1]
    other = httpx.post(path, json={"items": [said("2")]}, headers=headers | {"Idempotency-Key": "1"})
    expect(other, 409, "idempotency_key_conflict", "Idempotency-Key" if other.json()["error"]["param"] else None)
    assert listed(client, first["id"]) == ["user: 0", "user: 1"]


def test_two_responses_at_once(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda text: respond(client, text, conversation=conversation.id), ["1", "2"]))
    lines = listed(client, conversation.id)
    assert sorted(lines[::2]) == ["user: 1", "user: 2"] and all(text.startswith("assistant: ") for text in lines[1::2])
    assert asked(peer) == lines[:3]


def test_a_restart(directory: Path, running_peer: Peer, peer: Peer):
    settings = {"UPSTREAM_URL": running_peer.url, "UPSTREAM_MODEL": "mock"}
    peer.script(says("one"), says("two"))
    with Nanobot(directory / "kept", **settings) as server:
        client = make_client(server, None)
        conversation = client.conversations.create(items=[said("0")], metadata={"a": "b"})
        respond(client, "1", conversation=conversation.id)
        (last, *_) = client.conversations.items.list(conversation.id, limit=1).data
    with Nanobot(directory / "kept", **settings) as server:
        client = make_client(server, None)
        assert client.conversations.retrieve(conversation.id) == conversation
        assert client.conversations.items.retrieve(last.id, conversation_id=conversation.id) == last
        respond(client, "2", conversation=conversation.id)
        assert asked(peer) == ["user: 0", "user: 1", "assistant: one", "user: 2"]


def test_keys(directory: Path, running_peer: Peer, peer: Peer):
    with Nanobot(directory / "conversation-keys", UPSTREAM_URL=running_peer.url, UPSTREAM_MODEL="mock") as server:
        secrets = [server.add_key("--name", name, "--scope", f"{name}:") for name in ("amy", "bob")]
        amy, bob = [openai.OpenAI(base_url=server.url, api_key=secret, max_retries=0) for secret in secrets]
        conversation = amy.conversations.create(items=[said("0")])
        (item,) = amy.conversations.items.list(conversation.id)
        peer.script(says("one"))
        response = respond(amy, "1", conversation=conversation.id)
        for call in every(bob, conversation.id, item.id):
            with pytest.raises(openai.NotFoundError) as caught:
                call()
            assert caught.value.code == "not_found"
        with pytest.raises(openai.NotFoundError):
            respond(bob, "2", conversation=conversation.id)
        with pytest.raises(openai.NotFoundError):
            respond(bob, [{"type": "item_reference", "id": item.id}, said("2")])
        with pytest.raises(openai.PermissionDeniedError):
            bob.conversations.retrieve("amy:1")
        assert listed(amy, conversation.id) == ["user: 0", "user: 1", "assistant: one"]
        assert amy.responses.retrieve(response.id).output_text == "one"
        for routes, allowed in [("read", {0, 2, 4}), ("chat", set()), ("write", {1, 3, 5, 6})]:
            secret = server.add_key("--name", f"all-{routes}", "--scope", "*", "--routes", routes)
            limited = openai.OpenAI(base_url=server.url, api_key=secret, max_retries=0)
            for number, call in enumerate(every(limited, "other:none", item.id)):
                with pytest.raises(openai.NotFoundError if number in allowed else openai.PermissionDeniedError):
                    call()
            if routes != "chat":
                with pytest.raises(openai.PermissionDeniedError):
                    limited.conversations.create()
