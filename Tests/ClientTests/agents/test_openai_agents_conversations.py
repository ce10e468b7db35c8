"""OpenAI's Agents SDK with conversations: those that the server keeps, and those that it keeps there itself."""

import asyncio

import openai
import pytest
from agents import OpenAIConversationsSession

from conversation import asked
from nanobot import Nanobot
from peer import Peer, says
from test_openai_agents import CALL, LOOP
from test_openai_agents_responses import NAMES, make_agent, make_client, run

SAID = ["I am Bob.", "With me is Amy.", "Who are we?"]


def test_the_server_keeps_the_conversation(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> list[str]:
        client = make_client(server)
        conversation = await client.conversations.create()
        peer.script(says("Hello, Bob."), says("And Amy."), says("Bob and Amy."))
        for text in SAID:
            result = await run(make_agent(server), text, streams, conversation_id=conversation.id)
        assert result.final_output == "Bob and Amy."
        return [item.content[0].text async for item in client.conversations.items.list(conversation.id, order="asc")]

    texts = asyncio.run(talk())
    assert asked(peer) == ["system: Be brief.", *NAMES]
    assert texts == ["I am Bob.", "Hello, Bob.", "With me is Amy.", "And Amy.", "Who are we?", "Bob and Amy."]


def test_a_tool_loop_in_a_conversation(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> str:
        conversation = await make_client(server).conversations.create()
        peer.script(CALL, says("Warm."), says("Bye."))
        await run(make_agent(server), "How is Paris?", streams, conversation_id=conversation.id)
        return (await run(make_agent(server), "Thanks.", streams, conversation_id=conversation.id)).final_output

    assert asyncio.run(talk()) == "Bye."
    assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks."]


def test_its_own_session_is_a_conversation(server: Nanobot, peer: Peer, streams: bool):
    async def talk() -> None:
        client = make_client(server)
        session = OpenAIConversationsSession(openai_client=client)
        peer.script(CALL, says("Warm."), says("Bye."), says("Again."))
        for text in ["How is Paris?", "Thanks."]:
            result = await run(make_agent(server), text, streams, session=session)
        assert result.final_output == "Bye."
        assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks."]
        kinds = [item.get("type", "message") for item in await session.get_items()]
        assert kinds == ["message", "function_call", "function_call_output", "message", "message", "message"]
        assert (await session.pop_item())["content"][0]["text"] == "Bye."
        assert len(await session.get_items()) == 5 and len(await session.get_items(limit=2)) == 2
        # Another one, which has nothing but the id.
        id = await session._get_session_id()
        await run(make_agent(server), "Once more.", streams, session=OpenAIConversationsSession(conversation_id=id, openai_client=client))
        assert asked(peer) == ["system: Be brief.", *LOOP, "user: Thanks.", "user: Once more."]
        await session.clear_session()
        with pytest.raises(openai.NotFoundError):
            await client.conversations.retrieve(id)

    asyncio.run(talk())
