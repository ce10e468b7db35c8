"""What is kept of responses, and what is refused, with OpenAI's own client through nginx."""

from pathlib import Path

import openai
import pytest

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, says
from test_openai import make_client
from test_responses import CALL, LOOP, WEATHER, client, respond, result  # noqa: F401


def test_delete(client: openai.OpenAI, peer: Peer):
    peer.script(says("one"), says("two"), says("three"))
    first = respond(client, "1")
    second = respond(client, "2", previous_response_id=first.id)
    deleted = client.responses.with_raw_response.delete(second.id).http_response.json()
    assert deleted == {"id": second.id, "object": "response", "deleted": True}
    for call in (client.responses.retrieve, client.responses.delete, lambda id: client.responses.input_items.list(id)):
        with pytest.raises(openai.NotFoundError):
            call(second.id)
    with pytest.raises(openai.BadRequestError) as caught:
        respond(client, "3", previous_response_id=second.id)
    assert caught.value.code == "previous_response_not_found"
    assert client.responses.retrieve(first.id).output_text == "one"
    respond(client, "3", previous_response_id=first.id)
    assert asked(peer) == ["user: 1", "assistant: one", "user: 3"]


def test_a_response_in_the_middle_is_deleted(client: openai.OpenAI, peer: Peer):
    peer.script(says("one"), says("two"), says("three"))
    first = respond(client, "1")
    second = respond(client, "2", previous_response_id=first.id)
    client.responses.delete(first.id)
    respond(client, "3", previous_response_id=second.id)
    assert asked(peer) == ["user: 2", "assistant: two", "user: 3"]


def test_input_items(client: openai.OpenAI, peer: Peer):
    peer.script(says("ok"))
    response = respond(client, [{"role": "user", "content": str(number)} for number in range(7)])

    def texts(**parameters: object) -> list[str]:
        # The iteration fetches what further pages there are.
        return [item.content[0].text for item in client.responses.input_items.list(response.id, **parameters)]

    assert texts(order="asc") == [*"0123456"]
    assert texts() == [*"6543210"]
    assert texts(order="asc", limit=3) == [*"0123456"]
    assert texts(limit=2) == [*"6543210"]
    page = client.responses.input_items.list(response.id, order="asc", limit=3)
    assert [item.content[0].text for item in page.data] == [*"012"]
    assert (page.has_more, page.first_id, page.last_id) == (True, page.data[0].id, page.data[-1].id)
    last = client.responses.input_items.list(response.id, order="asc", limit=3, after=page.get_next_page().data[-1].id)
    assert ([item.content[0].text for item in last.data], last.has_more) == (["6"], False)
    ids = [item.id for item in client.responses.input_items.list(response.id)]
    assert len(set(ids)) == 7 and all(len(id) <= 64 for id in ids)
    for wrong in ({"limit": 0}, {"limit": 101}, {"order": "up"}, {"after": "msg_none"}):
        with pytest.raises(openai.BadRequestError) as caught:
            client.responses.input_items.list(response.id, **wrong)
        assert caught.value.param == next(iter(wrong))


def test_input_items_of_a_tool_loop(client: openai.OpenAI, peer: Peer):
    peer.script(CALL, says("Warm."))
    first = respond(client, "How is Paris?", tools=[WEATHER])
    second = respond(client, [result(first.output[0])], previous_response_id=first.id)
    (item,) = client.responses.input_items.list(second.id)
    assert (item.type, item.call_id, item.output) == ("function_call_output", first.output[0].call_id, "21 degrees")


def test_the_input_of_a_client_that_keeps_the_conversation(client: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(CALL, says("Warm."))
    said: list = [{"role": "user", "content": "How is Paris?"}]
    first = respond(client, said, streams, tools=[WEATHER], store=False)
    second = respond(client, [*said, *first.output, result(first.output[0])], streams, tools=[WEATHER])
    assert asked(peer) == LOOP
    types = [item.type for item in client.responses.input_items.list(second.id, order="asc")]
    assert types == ["message", "function_call", "function_call_output"]


def test_nothing_is_stored_if_the_client_says_so(server: Nanobot, peer: Peer, key: str, streams: bool):
    client = make_client(server, key)
    peer.script(says("one"), says("two"), says("three"))
    respond(client, "1", streams)
    second = respond(client, "2", streams, store=False)
    assert second.store is False
    assert asked(peer) == ["user: 1", "assistant: one", "user: 2"]
    assert stored(server, key) == ["user: 1", "assistant: one"]
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(second.id)
    with pytest.raises(openai.BadRequestError) as caught:
        respond(client, "3", streams, previous_response_id=second.id)
    assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")
    respond(client, "3", streams)
    assert asked(peer) == ["user: 1", "assistant: one", "user: 3"]


def test_references_to_items(client: openai.OpenAI, peer: Peer):
    peer.script(CALL, says("Warm."), says("Again warm."))
    first = respond(client, "How is Paris?", tools=[WEATHER])
    (question,) = client.responses.input_items.list(first.id)
    call = first.output[0]
    references = [{"type": "item_reference", "id": id} for id in (question.id, call.id)]
    second = respond(client, [*references, result(call)], tools=[WEATHER])
    assert asked(peer) == LOOP
    answer = {"type": "item_reference", "id": second.output[0].id}
    respond(client, [*references, result(call), answer, {"role": "user", "content": "Sure?"}], tools=[WEATHER])
    assert asked(peer) == [*LOOP, "assistant: Warm.", "user: Sure?"]


def test_exceptions_have_their_types(server: Nanobot, client: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(says("one"))
    known = respond(client, "1")
    changed = known.id[:-1] + ("0" if known.id[-1] != "0" else "1")
    for id in ("resp_none", changed, "resp_" + "a" * 10_000, "chatcmpl-1"):
        with pytest.raises(openai.BadRequestError) as caught:
            respond(client, "2", streams, previous_response_id=id)
        error = caught.value
        assert (error.code, error.param) == ("previous_response_not_found", "previous_response_id") and "not found" in error.message
        assert error.request_id == error.response.headers["x-request-id"]
    for id in ("resp_none", changed):
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(id)
        with pytest.raises(openai.NotFoundError):
            client.responses.delete(id)
    for parameters, code, param in [
        ({"max_output_tokens": 15}, "invalid_value", "max_output_tokens"),
        ({"temperature": 3}, "invalid_value", "temperature"),
        ({"metadata": {"a" * 65: "b"}}, "invalid_value", None),
        ({"truncation": "some"}, "invalid_value", "truncation"),
        ({"previous_response_id": known.id, "conversation": "a"}, "invalid_value", "previous_response_id"),
        ({"tools": [{"type": "web_search"}]}, "unsupported_value", "tools[0].type"),
        ({"prompt": {"id": "pmpt_1"}}, "unsupported_value", "prompt"),
    ]:
        with pytest.raises(openai.BadRequestError) as caught:
            respond(client, "2", streams, **parameters)
        assert caught.value.code == code
        if param:
            assert caught.value.param == param
    for wrong in ([], [{"role": "user"}], [{"type": "function_call_output", "call_id": "call_none", "output": "x"}]):
        with pytest.raises(openai.BadRequestError) as caught:
            respond(client, wrong, streams)
        assert caught.value.code in ("invalid_value", "invalid_messages") and caught.value.param.startswith("input")
    with pytest.raises(openai.NotFoundError) as caught:
        respond(client, [{"type": "item_reference", "id": "msg_none"}, {"role": "user", "content": "2"}], streams)
    assert caught.value.param == "input[0].id"
    # None of them was asked.
    assert len(peer.requests()) == 1


def test_errors_of_the_model_have_their_types(plain_server: Nanobot, peer: Peer, key: str, streams: bool):
    client = make_client(plain_server, key)
    for status, kind, code in [
        (422, openai.UnprocessableEntityError, "invalid_value"),
        (429, openai.RateLimitError, "rate_limit_exceeded"),
        (500, openai.InternalServerError, "upstream_error"),
    ]:
        peer.script({"type": "fail", "status": status})
        with pytest.raises(kind) as caught:
            respond(client, "1", streams)
        assert caught.value.code == code
    assert plain_server.turns(key) == []


def test_its_retry_of_a_turn_under_way_gets_that_turn(server: Nanobot, peer: Peer, key: str):
    peer.script({"type": "delay", "seconds": 2}, says("Hello, Bob."))
    client = make_client(server, key, max_retries=20, timeout=1)
    raw = client.responses.with_raw_response.create(model="nanobot", input="I am Bob.")
    assert raw.retries_taken > 0 and raw.headers["idempotency-replayed"] == "true"
    response = raw.parse()
    assert response.output_text == "Hello, Bob." and client.responses.retrieve(response.id) == response
    assert len(peer.requests()) == 1
    assert stored(server, key) == ["user: I am Bob.", "assistant: Hello, Bob."]


def test_a_scope_hides_the_responses_of_others(directory: Path, running_peer: Peer, peer: Peer, streams: bool):
    with Nanobot(directory / f"scopes{int(streams)}", UPSTREAM_URL=running_peer.url, UPSTREAM_MODEL="mock", STREAM="true") as server:
        secrets = [server.add_key("--name", name, "--scope", f"{name}:") for name in ("amy", "bob")]
        amy, bob = [openai.OpenAI(base_url=server.url, api_key=secret, max_retries=0) for secret in secrets]
        peer.script(says("one"), says("two"))
        response = respond(amy, "1", streams)
        for call in (bob.responses.retrieve, bob.responses.delete, lambda id: bob.responses.input_items.list(id)):
            with pytest.raises(openai.NotFoundError):
                call(response.id)
        with pytest.raises(openai.BadRequestError) as caught:
            respond(bob, "2", streams, previous_response_id=response.id)
        assert caught.value.code == "previous_response_not_found"
        with pytest.raises(openai.NotFoundError):
            respond(bob, [{"type": "item_reference", "id": response.output[0].id}, {"role": "user", "content": "2"}], streams)
        assert respond(amy, "2", streams, previous_response_id=response.id).output_text == "two"
        assert amy.responses.retrieve(response.id).output_text == "one"
