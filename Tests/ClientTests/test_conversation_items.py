"""The items of conversations with OpenAI's own client, through nginx."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest

from conversation import asked
from nanobot import Nanobot
from peer import Peer, calls, says
from test_conversations import CALLED, RESULT, every, line, listed, said
from test_open_responses import running_upstream, site, upstream  # noqa: F401
from test_openai import make_client
from test_responses import CALL, LOOP, WEATHER, client, respond, result  # noqa: F401
from upstream import Upstream, completion, whole


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


def test_many_add_at_once(client: openai.OpenAI, peer: Peer):
    conversation = client.conversations.create()

    def add(number: int) -> list[str]:
        items = [said(f"{number}"), said(f"{number}'")]
        return [line(item) for item in client.conversations.items.create(conversation.id, items=items).data]

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(add, range(24)))
    lines = listed(client, conversation.id, limit=100)
    assert sorted(zip(lines[::2], lines[1::2])) == sorted(map(tuple, added))


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
