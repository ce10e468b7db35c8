"""LlamaIndex: a chat engine with a memory, and an agent."""

import asyncio

from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.workflow import Context
from llama_index.llms.openai_like import OpenAILike

from conversation import asked, given, stored
from nanobot import Nanobot
from peer import Peer, calls, says, waits


def weather(city: str) -> str:
    """The weather in a city."""
    return f"21 degrees in {city}"


def make_model(server: Nanobot, key: str, **options: object) -> OpenAILike:
    return OpenAILike(
        model="nanobot", api_base=server.url, api_key="none", is_chat_model=True, is_function_calling_model=True,
        default_headers={"x-session-key": key}, **{"max_retries": 0, **options},
    )


def make_engine(server: Nanobot, key: str, *history: ChatMessage, **options: object) -> SimpleChatEngine:
    memory = ChatMemoryBuffer.from_defaults([*history], token_limit=10_000)
    return SimpleChatEngine.from_defaults(llm=make_model(server, key, **options), memory=memory, system_prompt="Be brief.")


CONVERSATION = ["user: I am Bob.", "assistant: Hello, Bob.", "user: Who am I?", "assistant: You are Bob."]


def test_it_remembers(server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, Bob."), says("You are Bob."))
    engine = make_engine(server, key)
    assert [engine.chat("I am Bob.").response, engine.chat("Who am I?").response] == ["Hello, Bob.", "You are Bob."]
    assert asked(peer) == ["system: Be brief.", *CONVERSATION[:-1]]
    assert stored(server, key) == CONVERSATION


def test_it_streams(server: Nanobot, peer: Peer, key: str):
    peer.script(says("Hello, Bob."), says("You are Bob."))
    engine = make_engine(server, key)
    assert "".join(engine.stream_chat("I am Bob.").response_gen) == "Hello, Bob."
    words = list(engine.stream_chat("Who am I?").response_gen)
    assert "".join(words) == "You are Bob." and len(words) > 1
    assert asked(peer) == ["system: Be brief.", *CONVERSATION[:-1]]
    assert stored(server, key) == CONVERSATION


def test_an_agent_with_a_tool(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(calls("weather", city="Paris"), says("Warm."), says("Bye."))
        agent = FunctionAgent(tools=[weather], llm=make_model(server, key), system_prompt="Be brief.")
        context = Context(agent)
        first = agent.run("How is Paris?", ctx=context)
        words = [event.delta async for event in first.stream_events() if isinstance(event, AgentStream)]
        assert "".join(words) == str(await first) == "Warm."
        assert str(await agent.run("Thanks.", ctx=context)) == "Bye."

    asyncio.run(talk())
    loop = ["user: How is Paris?", 'assistant calls weather {"city": "Paris"}', "tool: 21 degrees in Paris", "assistant: Warm."]
    assert asked(peer, 1) == ["system: Be brief.", *loop[:-1]]
    assert asked(peer, 2) == ["system: Be brief.", *loop, "user: Thanks."]
    assert stored(server, key) == [*loop, "user: Thanks.", "assistant: Bye."]


def test_a_conversation_that_began_elsewhere(server: Nanobot, peer: Peer, key: str):
    peer.script(says("You are Bob."))
    engine = make_engine(server, key, ChatMessage("I am Bob."), ChatMessage("Hello, Bob.", role="assistant"))
    assert engine.chat("Who am I?").response == "You are Bob."
    assert asked(peer) == ["system: Be brief.", *CONVERSATION[:-1]]
    assert given(server, key) == [True, False]
    assert stored(server, key) == CONVERSATION


def test_its_retry(server: Nanobot, peer: Peer, key: str):
    peer.script(waits(2), says("Hello, Bob."))
    assert make_engine(server, key, max_retries=5, timeout=1).chat("I am Bob.").response == "Hello, Bob."
    assert len(peer.requests()) == 1
    assert stored(server, key) == CONVERSATION[:2]
