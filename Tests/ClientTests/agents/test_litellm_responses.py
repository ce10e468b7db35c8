"""LiteLLM's SDK with the Responses API. It hides the provider in the ids that it gives, and takes it out again."""

import litellm
import openai
import pytest
from litellm.types.llms.openai import ResponsesAPIResponse

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says

WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.fixture(autouse=True)
def known_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a model that it does not know it asks for whole responses, and makes the events by itself."""
    monkeypatch.setattr(litellm.utils, "supports_native_streaming", lambda model, custom_llm_provider: True)


def respond(server: Nanobot, said: str | list, streams: bool, key: str | None = None, **options: object) -> ResponsesAPIResponse:
    headers = {"x-session-key": key} if key else {}
    response = litellm.responses(
        said, "openai/nanobot", api_base=server.url, api_key="none", extra_headers=headers, stream=streams, max_retries=0, **options
    )
    if not streams:
        return response
    *_, last = response
    assert last.type == "response.completed"
    return last.response


def text(response: ResponsesAPIResponse) -> str:
    (message,) = response.output
    return message.content[0].text


NAMES = ["user: I am Bob.", "assistant: Hello, Bob.", "user: With me is Amy.", "assistant: And Amy.", "user: Who are we?"]


def test_the_server_remembers(server: Nanobot, peer: Peer, streams: bool):
    peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
    last = None
    for said in ["I am Bob.", "With me is Amy.", "Who are we?"]:
        response = respond(server, said, streams, instructions="Be brief.", **({"previous_response_id": last} if last else {}))
        last = response.id
    assert text(response) == "Bob and Amy." and response.usage.total_tokens > 0
    assert asked(peer) == ["system: Be brief.", *NAMES]


def test_a_named_session(server: Nanobot, peer: Peer, key: str, streams: bool):
    peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
    for said in ["I am Bob.", "With me is Amy.", "Who are we?"]:
        respond(server, said, streams, key)
    assert asked(peer) == NAMES
    assert stored(server, key) == [*NAMES, "assistant: Bob and Amy."]


def test_it_streams(server: Nanobot, peer: Peer):
    peer.script(says("Hello, dear Bob."))
    response = litellm.responses("I am Bob.", "openai/nanobot", api_base=server.url, api_key="none", stream=True)
    deltas = [event.delta for event in response if event.type == "response.output_text.delta"]
    assert len(deltas) > 1 and "".join(deltas) == "Hello, dear Bob."


def test_a_tool_loop(server: Nanobot, peer: Peer, streams: bool):
    peer.script(calls("weather", city="Paris"), says("Warm."))
    first = respond(server, "How is Paris?", streams, tools=[WEATHER])
    (call,) = first.output
    assert (call.type, call.name, call.arguments) == ("function_call", "weather", '{"city": "Paris"}')
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}
    assert text(respond(server, [result], streams, tools=[WEATHER], previous_response_id=first.id)) == "Warm."
    assert asked(peer) == ["user: How is Paris?", 'assistant calls weather {"city": "Paris"}', "tool: 21 degrees"]


def test_a_stored_response(server: Nanobot, peer: Peer, streams: bool):
    peer.script(says("Hello, Bob."))
    address = {"custom_llm_provider": "openai", "api_base": server.url, "api_key": "none"}
    response = respond(server, "I am Bob.", streams)
    assert text(litellm.get_responses(response.id, **address)) == "Hello, Bob."
    (item,) = litellm.list_input_items(response.id, **address)["data"]
    assert item["content"][0]["text"] == "I am Bob."
    assert litellm.delete_responses(response.id, **address).deleted
    # It goes by the error's type and not by the status.
    with pytest.raises(openai.BadRequestError) as caught:
        litellm.get_responses(response.id, **address)
    assert "No response with this id was found" in str(caught.value)


def test_a_stream_that_breaks_off_is_an_exception_and_no_turn(server: Nanobot, peer: Peer, key: str):
    peer.script(breaks_off(), says("Hello, dear Bob."))
    with pytest.raises(openai.APIError):
        respond(server, "I am Bob.", True, key)
    assert server.turns(key) == []


def test_an_error_has_its_type(server: Nanobot, plain_server: Nanobot, peer: Peer, key: str, streams: bool):
    with pytest.raises(openai.BadRequestError) as caught:
        respond(server, "I am Bob.", streams, previous_response_id="resp_none")
    assert "previous_response_not_found" in str(caught.value)
    peer.script({"type": "fail", "status": 429, "retry_after": 7})
    with pytest.raises(openai.RateLimitError):
        respond(plain_server, "I am Bob.", streams, key)
    assert plain_server.turns(key) == []
