"""The Responses API with OpenAI's own client, through nginx."""

import json

import openai
import pytest
from openai.types.responses import Response, ResponseFunctionToolCall
from pydantic import BaseModel

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says
from test_openai import make_client

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
    "strict": True,
}
CALL = calls("get_weather", city="Paris")
LOOP = ["user: How is Paris?", 'assistant calls get_weather {"city": "Paris"}', "tool: 21 degrees"]


class Invoice(BaseModel):
    number: int
    customer: str


@pytest.fixture
def client(server: Nanobot) -> openai.OpenAI:
    """Names no session."""
    return make_client(server, None)


def respond(client: openai.OpenAI, said: str | list, streams: bool = False, **parameters: object) -> Response:
    """A response, or what the last event of a stream has of it."""
    response = client.responses.create(model="nanobot", input=said, stream=streams, **parameters)
    if not streams:
        return response
    *_, last = response
    assert last.type in ("response.completed", "response.incomplete")
    return last.response


def result(call: ResponseFunctionToolCall, output: object = "21 degrees") -> dict:
    return {"type": "function_call_output", "call_id": call.call_id, "output": output}


def test_create(client: openai.OpenAI, peer: Peer):
    peer.script(says("Hello, Bob."))
    response = respond(client, "I am Bob.", metadata={"topic": "names"}, temperature=0.5, user="bob")
    assert response.id.startswith("resp_") and len(response.id) <= 64
    assert (response.object, response.model, response.status, response.error) == ("response", "nanobot", "completed", None)
    assert response.output_text == "Hello, Bob."
    (message,) = response.output
    assert (message.type, message.role, message.status) == ("message", "assistant", "completed")
    assert (response.metadata, response.temperature, response.store, response.tools) == ({"topic": "names"}, 0.5, True, [])
    assert response.completed_at >= response.created_at > 0
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens and usage.input_tokens > 0 and usage.output_tokens > 0
    assert peer.requests()[-1]["body"]["temperature"] == 0.5


def test_a_response_is_found_again(client: openai.OpenAI, server: Nanobot, peer: Peer, streams: bool):
    peer.script(CALL)
    response = respond(client, "How is Paris?", streams, tools=[WEATHER], instructions="Be brief.", metadata={"topic": "weather"})
    # Another client, which has nothing but the id.
    assert make_client(server, None).responses.retrieve(response.id).to_dict() == response.to_dict()


def test_memory_over_three_turns(client: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
    first = respond(client, "I am Bob.", streams)
    second = respond(client, "With me is Amy.", streams, previous_response_id=first.id)
    third = respond(client, "Who are we?", streams, previous_response_id=second.id)
    assert third.output_text == "Bob and Amy."
    assert third.previous_response_id == second.id
    assert len({first.id, second.id, third.id}) == 3
    assert asked(peer) == ["user: I am Bob.", "assistant: Hello, Bob.", "user: With me is Amy.", "assistant: And Amy.", "user: Who are we?"]


def test_an_older_response_begins_a_branch(client: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(says("one"), says("two"), says("other"), says("three"), says("further"))
    first = respond(client, "1", streams)
    second = respond(client, "2", streams, previous_response_id=first.id)
    other = respond(client, "o", streams, previous_response_id=first.id)
    assert asked(peer) == ["user: 1", "assistant: one", "user: o"]
    respond(client, "3", streams, previous_response_id=second.id)
    assert asked(peer) == ["user: 1", "assistant: one", "user: 2", "assistant: two", "user: 3"]
    respond(client, "f", streams, previous_response_id=other.id)
    assert asked(peer) == ["user: 1", "assistant: one", "user: o", "assistant: other", "user: f"]
    assert [client.responses.retrieve(response.id).output_text for response in [first, second, other]] == ["one", "two", "other"]


def test_responses_without_a_name_share_nothing(client: openai.OpenAI, peer: Peer):
    peer.script(says("one"), says("two"))
    respond(client, "1")
    respond(client, "2")
    assert asked(peer) == ["user: 2"]


def test_a_session_is_shared_with_chat_completions(server: Nanobot, peer: Peer, key: str, streams: bool):
    client = make_client(server, key)
    peer.script(says("one"), says("two"), says("three"), says("four"))
    first = respond(client, "1", streams)
    client.chat.completions.create(model="nanobot", messages=[{"role": "user", "content": "2"}])
    assert asked(peer) == ["user: 1", "assistant: one", "user: 2"]
    third = respond(client, "3", streams)
    client.chat.completions.create(model="nanobot", messages=[{"role": "user", "content": "4"}])
    conversation = ["user: 1", "assistant: one", "user: 2", "assistant: two", "user: 3", "assistant: three", "user: 4"]
    assert asked(peer) == conversation
    assert stored(server, key) == [*conversation, "assistant: four"]
    assert [client.responses.retrieve(response.id).output_text for response in (first, third)] == ["one", "three"]


def test_the_key_of_a_session_is_a_conversation(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(says("one"), says("two"))
    assert respond(client, "1", conversation=key).conversation.id == key
    respond(client, "2", conversation={"id": key})
    assert stored(server, key) == ["user: 1", "assistant: one", "user: 2", "assistant: two"]


def test_a_client_that_repeats_the_conversation_is_not_stored_twice(server: Nanobot, peer: Peer, key: str, streams: bool):
    client = make_client(server, key)
    peer.script(CALL, says("Warm."), says("Bye."))
    said: list = []
    for text in ["How is Paris?", None, "Thanks."]:
        if text:
            said.append({"role": "user", "content": text})
        response = respond(client, said, streams, tools=[WEATHER])
        said += response.output
        said += [result(item) for item in response.output if item.type == "function_call"]
    assert asked(peer) == [*LOOP, "assistant: Warm.", "user: Thanks."]
    assert stored(server, key) == [*LOOP, "assistant: Warm.", "user: Thanks.", "assistant: Bye."]


def test_a_tool_loop(client: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(CALL, says("Warm."))
    first = respond(client, "How is Paris?", streams, tools=[WEATHER], tool_choice="auto")
    (call,) = first.output
    assert (call.type, call.name, call.arguments, call.status) == ("function_call", "get_weather", '{"city": "Paris"}', "completed")
    assert call.id != call.call_id and len(call.id) <= 64 and len(call.call_id) <= 64
    sent = peer.requests()[-1]["body"]["tools"][0]
    assert sent == {"type": "function", "function": {name: WEATHER[name] for name in ("name", "description", "parameters", "strict")}}
    second = respond(client, [result(call)], streams, previous_response_id=first.id, tools=[WEATHER])
    assert second.output_text == "Warm."
    assert asked(peer) == LOOP


def test_a_stream_of_calls(client: openai.OpenAI, peer: Peer):
    peer.script(calls("get_weather", calls("get_weather", city="Rome"), city="Paris"), says("Both warm."))
    arguments: dict[int, str] = {}
    with client.responses.stream(model="nanobot", input="How are both?", tools=[WEATHER]) as stream:
        for event in stream:
            if event.type == "response.function_call_arguments.delta":
                arguments[event.output_index] = arguments.get(event.output_index, "") + event.delta
            if event.type == "response.function_call_arguments.done":
                assert (event.name, event.arguments) == ("get_weather", arguments[event.output_index])
        first = stream.get_final_response()
    assert [json.loads(arguments[index]) for index in (0, 1)] == [{"city": "Paris"}, {"city": "Rome"}]
    assert [call.arguments for call in first.output] == [arguments[0], arguments[1]]
    # In another order than they were asked for.
    outputs = [result(call, json.loads(call.arguments)["city"]) for call in reversed(first.output)]
    assert respond(client, outputs, previous_response_id=first.id).output_text == "Both warm."
    assert sorted(asked(peer)[-2:]) == ["tool: Paris", "tool: Rome"]


def test_a_result_of_several_texts(client: openai.OpenAI, peer: Peer):
    peer.script(CALL, says("Warm."))
    first = respond(client, "How is Paris?", tools=[WEATHER])
    texts = [{"type": "input_text", "text": "21"}, {"type": "input_text", "text": "degrees"}]
    respond(client, [result(first.output[0], texts), {"role": "user", "content": "Briefly."}], previous_response_id=first.id)
    assert asked(peer) == [*LOOP, "user: Briefly."]


def test_the_choice_of_a_tool(client: openai.OpenAI, peer: Peer):
    for choice, sent in [
        ("required", "required"),
        ({"type": "function", "name": "get_weather"}, {"type": "function", "function": {"name": "get_weather"}}),
    ]:
        response = respond(client, "How is Paris?", tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False)
        body = peer.requests()[-1]["body"]
        assert (body["tool_choice"], body["parallel_tool_calls"]) == (sent, False)
        assert response.to_dict()["tool_choice"] == choice and response.parallel_tool_calls is False


def test_stream(client: openai.OpenAI, peer: Peer):
    peer.script(says("Hello, dear Bob."))
    events = list(client.responses.create(model="nanobot", input="I am Bob.", stream=True))
    assert [event.type for event in events[:4]] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
    ]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 1 and "".join(deltas) == "Hello, dear Bob."
    assert [event.type for event in events[-4:]] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
    ]
    assert events[-4].text == events[-1].response.output_text == "Hello, dear Bob."
    assert events[0].response.status == "in_progress" and events[0].response.id == events[-1].response.id
    assert events[-1].response.usage.output_tokens > 0


def test_a_stream_that_breaks_off_is_a_failure_and_no_turn(client: openai.OpenAI, server: Nanobot, peer: Peer, key: str):
    peer.script(breaks_off(), says("Hello, dear Bob."), says("Hello."))
    events = []
    with pytest.raises(openai.APIError) as caught:
        for event in client.responses.create(model="nanobot", input="I am Bob.", stream=True, conversation=key):
            events.append(event)
    assert caught.value.code == "upstream_error"
    assert events[-1].type == "response.failed" and events[-1].response.status == "failed"
    assert events[-1].response.error.code == "server_error"
    assert server.turns(key) == []
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(events[-1].response.id)
    assert respond(client, "Again", conversation=key).output_text == "Hello."
    assert asked(peer) == ["user: Again"]


def test_parse(client: openai.OpenAI, peer: Peer):
    response = client.responses.parse(model="nanobot", input="An invoice", text_format=Invoice)
    assert isinstance(response.output_parsed, Invoice)
    sent = peer.requests()[-1]["body"]["response_format"]
    schema = sent["json_schema"]
    assert (sent["type"], schema["name"], schema["strict"]) == ("json_schema", "Invoice", True)
    assert schema["schema"]["required"] == ["number", "customer"] and schema["schema"]["additionalProperties"] is False
    assert response.text.format.type == "json_schema" and response.text.format.name == "Invoice"


def test_parse_a_stream(client: openai.OpenAI, peer: Peer):
    peer.script(says('{"number": 7, "customer": "Bob"}'))
    with client.responses.stream(model="nanobot", input="An invoice", text_format=Invoice) as stream:
        done = [event.parsed for event in stream if event.type == "response.output_text.done"]
        assert done == [Invoice(number=7, customer="Bob")] == [stream.get_final_response().output_parsed]


def test_parse_a_call(client: openai.OpenAI, peer: Peer):
    class Weather(BaseModel):
        city: str

    peer.script(calls("Weather", city="Paris"))
    tool = {"type": "function", **openai.pydantic_function_tool(Weather)["function"]}
    response = client.responses.parse(model="nanobot", input="How is Paris?", tools=[tool])
    assert response.output[0].parsed_arguments == {"city": "Paris"}


def test_json_objects(client: openai.OpenAI, peer: Peer):
    peer.script(says("{}"))
    assert respond(client, "Some JSON", text={"format": {"type": "json_object"}}).text.format.type == "json_object"
    assert peer.requests()[-1]["body"]["response_format"] == {"type": "json_object"}


def test_instructions_are_one_turns_only(client: openai.OpenAI, peer: Peer, streams: bool):
    peer.script(says("one"), says("two"), says("three"))
    first = respond(client, "1", streams, instructions="Be brief.")
    assert first.instructions == "Be brief."
    assert asked(peer) == ["system: Be brief.", "user: 1"]
    second = respond(client, "2", streams, previous_response_id=first.id)
    assert second.instructions is None
    assert asked(peer) == ["user: 1", "assistant: one", "user: 2"]
    respond(client, "3", streams, previous_response_id=second.id, instructions="Be long.")
    assert asked(peer) == ["system: Be long.", "user: 1", "assistant: one", "user: 2", "assistant: two", "user: 3"]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_an_instruction_in_the_input_stays(client: openai.OpenAI, peer: Peer, role: str):
    peer.script(says("one"), says("two"))
    first = respond(client, [{"role": role, "content": "Be brief."}, {"role": "user", "content": "1"}])
    assert asked(peer) == [f"{role}: Be brief.", "user: 1"]
    respond(client, "2", previous_response_id=first.id)
    assert asked(peer) == [f"{role}: Be brief.", "user: 1", "assistant: one", "user: 2"]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_an_instruction_in_a_named_session_is_one_turns_only(server: Nanobot, peer: Peer, key: str, role: str):
    client = make_client(server, key)
    peer.script(says("one"), says("two"))
    respond(client, [{"role": role, "content": "Be brief."}, {"role": "user", "content": "1"}])
    assert asked(peer) == [f"{role}: Be brief.", "user: 1"]
    respond(client, "2")
    assert asked(peer) == ["user: 1", "assistant: one", "user: 2"]


def test_tokens_are_counted_before_they_are_spent(client: openai.OpenAI, peer: Peer):
    peer.script(says("Hello, dear Bob."))
    response = respond(client, "I am Bob.")
    short = client.responses.input_tokens.count(model="nanobot", input="Who am I?")
    assert (short.object, short.input_tokens > 0) == ("response.input_tokens", True)
    context = {"previous_response_id": response.id, "instructions": "Be brief."}
    long = client.responses.input_tokens.count(model="nanobot", input="Who am I?", **context)
    assert long.input_tokens > short.input_tokens
    # Nothing was asked or stored.
    assert len(peer.requests()) == 1
    assert respond(client, "Again", previous_response_id=response.id).output_text
    assert asked(peer) == ["user: I am Bob.", "assistant: Hello, dear Bob.", "user: Again"]
