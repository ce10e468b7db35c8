"""The Conversations API with OpenAI's own client, through nginx."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, calls, says
from test_open_responses import running_upstream, site, upstream  # noqa: F401
from test_openai import make_client
from test_responses import CALL, LOOP, WEATHER, client, respond, result  # noqa: F401
from upstream import Upstream, completion, whole

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


def test_items_are_added(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create(items=[said("I am Bob.")])
    added = client.conversations.items.create(conversation.id, items=[said("Hello, Bob.", "assistant"), said("With me is Amy.")])
    assert (added.object, added.has_more, added.first_id, added.last_id) == ("list", False, added.data[0].id, added.data[1].id)
    assert [line(item) for item in added.data] == ["assistant: Hello, Bob.", "user: With me is Amy."]
    for item in added.data:
        assert client.conversations.items.retrieve(item.id, conversation_id=conversation.id) == item
    assert peer.requests() == []
    respond(client, "Who are we?", conversation=conversation.id)
    assert asked(peer) == ["user: I am Bob.", "assistant: Hello, Bob.", "user: With me is Amy.", "user: Who are we?"]
    assert listed(client, conversation.id)[:4] == asked(peer)


def test_items_come_one_at_a_time(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create()
    rome, warm = CALLED | {"call_id": "call_2", "arguments": '{"city": "Rome"}'}, {**RESULT, "call_id": "call_2", "output": "warm"}
    for item in (said("How are both?"), CALLED, rome, warm, RESULT, said("Both warm.", "assistant"), said("Nice.", "assistant")):
        assert len(client.conversations.items.create(conversation.id, items=[item]).data) == 1
    respond(client, "Thanks.", conversation=conversation.id)
    lines = asked(peer)
    # Each call has its own result, in whatever order.
    assert [text.partition("city")[2] for text in lines if "calls" in text] == ['": "Paris"}', '": "Rome"}']
    assert sorted(text for text in lines if text.startswith("tool")) == ["tool: 21 degrees", "tool: warm"]
    assert lines[0] == "user: How are both?" and lines[-1] == "user: Thanks."
    assert "Both warm." in "".join(lines[-3:]) and "Nice." in lines[-2]


def test_items_of_nothing_are_refused_or_listed(server: Nanobot):
    path = f"{server.url}/conversations"
    for item in (CALLED | {"name": ""}, CALLED | {"call_id": ""}, RESULT | {"call_id": ""}):
        response = httpx.post(path, json={"items": [item]})
        assert response.status_code == 400 and response.json()["error"]["param"].startswith("items[0]"), response.text


def test_pages(client: openai.OpenAI, peer: Peer):
    numbers = [str(number) for number in range(45)]
    conversation = client.conversations.create(items=[said(number) for number in numbers[:20]])
    client.conversations.items.create(conversation.id, items=[said(number) for number in numbers[20:40]])
    client.conversations.items.create(conversation.id, items=[said(number) for number in numbers[40:]])
    lines = [f"user: {number}" for number in numbers]
    # The iteration fetches what further pages there are.
    for limit in (1, 7, 20, 44, 45, 46, 100):
        assert listed(client, conversation.id, limit=limit) == lines
        assert listed(client, conversation.id, limit=limit, order="desc") == lines[::-1]
    first = client.conversations.items.list(conversation.id)
    assert [line(item) for item in first.data] == lines[:24:-1] and first.has_more
    ids = [item.id for item in client.conversations.items.list(conversation.id, order="asc", limit=100)]
    assert len(set(ids)) == 45 and all(len(id) <= 64 for id in ids)
    for place in (0, 18, 19, 20, 39, 43, 44):
        for order, rest in (("asc", ids[place + 1 :]), ("desc", ids[:place][::-1])):
            page = client.conversations.items.list(conversation.id, order=order, after=ids[place], limit=3)
            assert [item.id for item in page.data] == rest[:3]
            assert page.has_more == (len(rest) > 3)


def test_an_item_in_the_middle_is_deleted(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create(metadata={"a": "b"})
    peer.script(says("one"), says("two"), says("three"))
    for text in ("1", "2"):
        respond(client, text, conversation=conversation.id)
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert client.conversations.items.delete(items[1].id, conversation_id=conversation.id) == conversation
    assert listed(client, conversation.id) == ["user: 1", "user: 2", "assistant: two"]
    for call in (client.conversations.items.retrieve, client.conversations.items.delete):
        with pytest.raises(openai.NotFoundError):
            call(items[1].id, conversation_id=conversation.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.conversations.items.list(conversation.id, after=items[1].id)
    assert caught.value.param == "after"
    respond(client, "3", conversation=conversation.id)
    assert asked(peer) == ["user: 1", "user: 2", "assistant: two", "user: 3"]
    # The others are what they were.
    ids = [item.id for item in client.conversations.items.list(conversation.id, order="asc")]
    assert ids[:3] == [items[0].id, items[2].id, items[3].id]
    with pytest.raises(openai.NotFoundError):
        respond(client, [{"type": "item_reference", "id": items[1].id}, said("4")])


def test_all_items_are_deleted(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create(items=[said("0")])
    peer.script(says("one"), says("two"))
    respond(client, "1", conversation=conversation.id)
    for item in client.conversations.items.list(conversation.id):
        client.conversations.items.delete(item.id, conversation_id=conversation.id)
    assert listed(client, conversation.id) == []
    assert client.conversations.retrieve(conversation.id) == conversation
    respond(client, "2", conversation=conversation.id)
    assert asked(peer) == ["user: 2"]
    assert listed(client, conversation.id) == ["user: 2", "assistant: two"]


@pytest.mark.parametrize("kind", ["function_call", "function_call_output"])
def test_half_of_a_call_is_deleted(client: openai.OpenAI, peer: Peer, kind: str):
    conversation = client.conversations.create(items=[said("How is Paris?"), CALLED, RESULT, said("Warm.", "assistant")])
    (item,) = [item for item in client.conversations.items.list(conversation.id) if item.type == kind]
    client.conversations.items.delete(item.id, conversation_id=conversation.id)
    respond(client, "Thanks.", conversation=conversation.id)
    # Whatever stands for the other half: each call has its result, which `asked` sees to.
    lines = asked(peer)
    assert (lines[0], lines[-2:]) == ("user: How is Paris?", ["assistant: Warm.", "user: Thanks."])
    assert not any(word in text for text in lines for word in ({"function_call": "calls", "function_call_output": "21 degrees"}[kind],))


def test_one_of_two_calls_is_deleted(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create()
    peer.script(calls("get_weather", calls("get_weather", city="Rome"), city="Paris"), says("Warm."), says("Bye."))
    first = respond(client, "How are both?", conversation=conversation.id, tools=[WEATHER])
    respond(client, [result(call, "warm") for call in first.output], conversation=conversation.id, tools=[WEATHER])
    results = [item for item in client.conversations.items.list(conversation.id) if item.type == "function_call_output"]
    paris = first.output[0]
    (other,) = [item for item in results if item.call_id == paris.call_id]
    for id in (paris.id, other.id):
        client.conversations.items.delete(id, conversation_id=conversation.id)
    respond(client, "Thanks.", conversation=conversation.id)
    assert asked(peer) == [
        "user: How are both?", 'assistant calls get_weather {"city": "Rome"}', "tool: warm", "assistant: Warm.", "user: Thanks.",
    ]


def test_a_call_that_waits_is_deleted(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create()
    peer.script(CALL, says("Never mind."))
    call = respond(client, "How is Paris?", conversation=conversation.id, tools=[WEATHER]).output[0]
    client.conversations.items.delete(call.id, conversation_id=conversation.id)
    with pytest.raises(openai.BadRequestError) as caught:
        respond(client, [result(call)], conversation=conversation.id, tools=[WEATHER])
    assert caught.value.param == "input[0].call_id"
    respond(client, "Leave it.", conversation=conversation.id)
    assert asked(peer) == ["user: How is Paris?", "user: Leave it."]


def test_a_thought_is_deleted(site: Nanobot, upstream: Upstream):
    client = make_client(site, None)
    conversation = client.conversations.create()
    upstream.script(whole(completion({"reasoning_content": "Bob greets.", "content": "Hello, Bob."})))
    response = respond(client, "I am Bob.", conversation=conversation.id)
    assert listed(client, conversation.id) == ["user: I am Bob.", "thinks Bob greets.", "assistant: Hello, Bob."]
    respond(client, "Bye.", conversation=conversation.id)
    assert upstream.messages()[1] == {"role": "assistant", "content": "Hello, Bob.", "reasoning_content": "Bob greets."}
    client.conversations.items.delete(response.output[0].id, conversation_id=conversation.id)
    respond(client, "Bye again.", conversation=conversation.id)
    assert upstream.messages()[1] == {"role": "assistant", "content": "Hello, Bob."}
    assert listed(client, conversation.id)[:2] == ["user: I am Bob.", "assistant: Hello, Bob."]


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


def test_references_to_its_items(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create(items=[said("How is Paris?"), CALLED])
    ids = [item.id for item in client.conversations.items.list(conversation.id, order="asc")]
    references = [{"type": "item_reference", "id": id} for id in ids]
    respond(client, [*references, RESULT], tools=[WEATHER])
    assert asked(peer) == LOOP
    # Nothing was added.
    assert listed(client, conversation.id) == ["user: How is Paris?", "calls get_weather"]
    client.conversations.delete(conversation.id)
    with pytest.raises(openai.NotFoundError) as caught:
        respond(client, [*references, RESULT])
    assert caught.value.param == "input[0].id"


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


def test_ids_of_nothing(client: openai.OpenAI, server: Nanobot, peer: Peer):
    conversation = client.conversations.create(items=[said("0")])
    other = client.conversations.create(items=[said("0")])
    (item,) = client.conversations.items.list(conversation.id)
    (strange,) = client.conversations.items.list(other.id)
    response = respond(client, "1")
    last = conversation.id[-1]
    changed = conversation.id[:-1] + ("0" if last != "0" else "1")
    for id in (changed, conversation.id[:-1], conversation.id + "a", conversation.id.upper(), "conv_", "conv_" + "a" * 500, response.id):
        for call in every(client, id, item.id):
            with pytest.raises(openai.NotFoundError) as caught:
                call()
            assert caught.value.code == "not_found"
    items = [
        item.id[:-1], item.id + "a", item.id[:-1] + "0", item.id.replace("msg_", "fc_"), item.id.replace("msg_", "rs_"),
        "msg_" + "a" * 5000, strange.id, response.output[0].id, response.id, conversation.id, "a",
    ]
    for id in items:
        for call in (client.conversations.items.retrieve, client.conversations.items.delete):
            with pytest.raises(openai.NotFoundError) as caught:
                call(id, conversation_id=conversation.id)
            assert "no item" in caught.value.message, id
        with pytest.raises(openai.BadRequestError) as refused:
            client.conversations.items.list(conversation.id, after=id)
        assert refused.value.param == "after"
    for id in (conversation.id, item.id):
        for call in (client.responses.retrieve, client.responses.delete, client.chat.completions.retrieve):
            with pytest.raises(openai.NotFoundError):
                call(id)
    # As long as a path can be.
    assert httpx.get(f"{server.url}/conversations/conv_{'a' * 7000}").status_code in (400, 404)
    assert httpx.post(f"{server.url}/responses", json={"input": "x", "conversation": "conv_" + "a" * 10_000}).status_code in (400, 404)
    assert listed(client, conversation.id) == ["user: 0"]


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


def test_many_add_at_once(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create()

    def add(number: int) -> list[str]:
        items = [said(f"{number}"), said(f"{number}'")]
        return [line(item) for item in client.conversations.items.create(conversation.id, items=items).data]

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(add, range(24)))
    lines = listed(client, conversation.id, limit=100)
    assert sorted(zip(lines[::2], lines[1::2])) == sorted(map(tuple, added))


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
