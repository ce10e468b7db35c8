"""LangChain with the Responses API."""

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from conversation import asked, stored
from nanobot import Nanobot
from peer import Peer, breaks_off, calls, says
from test_other_clients import make_model


def weather(city: str) -> str:
    """The weather in a city."""
    return f"21 degrees in {city}"


def ask(
    server: Nanobot, messages: str | list, streams: bool, key: str | None = None, tools: list | None = None, **options: object
) -> AIMessage:
    model = make_model(server, key, use_responses_api=True, output_version="responses/v1", **options)
    if tools:
        model = model.bind_tools(tools)
    if not streams:
        return model.invoke(messages)
    first, *others = model.stream(messages)
    return sum(others, start=first)


SYSTEM = SystemMessage("Be brief.")
TEXTS = ["I am Bob.", "With me is Amy.", "Who are we?"]
NAMES = ["user: I am Bob.", "assistant: Hello, Bob.", "user: With me is Amy.", "assistant: And Amy.", "user: Who are we?"]
ANSWERS = [says("Hello, Bob."), says("And Amy."), says("Bob and Amy.")]


def test_the_client_remembers(server: Nanobot, peer: Peer, key: str, streams: bool):
    peer.script(*ANSWERS)
    messages = [SYSTEM]
    for text in TEXTS:
        messages.append(HumanMessage(text))
        messages.append(ask(server, messages, streams, key))
    assert messages[-1].text == "Bob and Amy." and messages[-1].usage_metadata["total_tokens"] > 0
    assert asked(peer) == ["system: Be brief.", *NAMES]
    assert stored(server, key) == [*NAMES, "assistant: Bob and Amy."]


def test_the_server_remembers(server: Nanobot, peer: Peer, streams: bool):
    peer.script(*ANSWERS)
    messages = [SYSTEM]
    for text in TEXTS:
        messages.append(HumanMessage(text))
        # What stands behind the last response is sent, with its id.
        messages.append(ask(server, messages, streams, use_previous_response_id=True))
    assert messages[-1].text == "Bob and Amy." and messages[-1].response_metadata["id"].startswith("resp_")
    assert asked(peer) == ["system: Be brief.", *NAMES]


@pytest.mark.parametrize("chained", [False, True], ids=["repeated", "chained"])
def test_a_tool_loop(server: Nanobot, peer: Peer, streams: bool, chained: bool):
    peer.script(calls("weather", calls("weather", city="Rome"), city="Paris"), says("Both warm."), says("Bye."))
    options = {"tools": [weather], "use_previous_response_id": chained}
    messages = [HumanMessage("How are both?")]
    messages.append(ask(server, messages, streams, **options))
    assert [call["args"] for call in messages[-1].tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]
    messages += [ToolMessage(weather(**call["args"]), tool_call_id=call["id"]) for call in messages[-1].tool_calls]
    messages.append(ask(server, messages, streams, **options))
    assert messages[-1].text == "Both warm."
    ask(server, [*messages, HumanMessage("Thanks.")], streams, **options)
    assert asked(peer) == [
        "user: How are both?",
        'assistant calls weather {"city": "Paris"}',
        'assistant calls weather {"city": "Rome"}',
        "tool: 21 degrees in Paris",
        "tool: 21 degrees in Rome",
        "assistant: Both warm.",
        "user: Thanks.",
    ]


def test_a_stream_comes_word_by_word(server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, dear Bob."))
    texts = [chunk.text for chunk in make_model(server, key, use_responses_api=True).stream("I am Bob.") if chunk.text]
    assert len(texts) > 1 and "".join(texts) == "Hello, dear Bob."


def test_a_structured_answer(server: Nanobot, peer: Peer, key: str):
    class City(BaseModel):
        name: str
        degrees: int

    peer.script(says('{"name": "Paris", "degrees": 21}'))
    model = make_model(server, key, use_responses_api=True).with_structured_output(City, method="json_schema")
    assert model.invoke("How is Paris?") == City(name="Paris", degrees=21)
    assert peer.requests()[-1]["body"]["response_format"]["json_schema"]["schema"]["required"] == ["name", "degrees"]


def test_a_stream_that_breaks_off_is_an_exception_and_no_turn(server: Nanobot, peer: Peer, key: str):
    peer.script(breaks_off(), says("Hello, dear Bob."))
    # It knows the failed response, and reads no further.
    with pytest.raises(ValueError, match="The model failed to answer"):
        ask(server, "I am Bob.", True, key)
    assert server.turns(key) == []


def test_an_unknown_response_is_an_exception(server: Nanobot, peer: Peer, streams: bool):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(server, "I am Bob.", streams, model_kwargs={"previous_response_id": "resp_none"})
    assert caught.value.code == "previous_response_not_found"
    assert peer.requests() == []
