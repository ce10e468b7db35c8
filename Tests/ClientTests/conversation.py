"""What was said, in a form that fits on a line."""

import json

from nanobot import Nanobot
from peer import Peer


def lines(messages: list[dict]) -> list[str]:
    """One line for each message: `user: Hello`, `assistant calls weather {"city": "Paris"}`, `tool: 21 degrees`. Each result has to answer
    a call that has none yet, and stand behind it and in front of whatever else is said."""
    said, unanswered = [], []
    for message in messages:
        role, content = message["role"], message.get("content")
        if isinstance(content, list):
            content = " ".join(part["text"] for part in content)
        if role == "tool":
            assert message["tool_call_id"] in unanswered, messages
            unanswered.remove(message["tool_call_id"])
        else:
            assert unanswered == [], messages
        # What only calls has no text, and clients write that in several ways.
        calls = message.get("tool_calls") or []
        if content or not calls:
            said.append(f"{role}: {content}")
        for call in calls:
            unanswered.append(call["id"])
            said.append(f"{role} calls {call['function']['name']} {json.dumps(json.loads(call['function']['arguments']))}")
    return said


def asked(peer: Peer, number: int = -1) -> list[str]:
    """What the peer was asked, last or by number."""
    return lines(peer.requests()[number]["body"]["messages"])


def stored(server: Nanobot, key: str) -> list[str]:
    """What a session's file holds, in order."""
    return lines([message for turn in server.turns(key) for message in turn["messages"]])


def given(server: Nanobot, key: str) -> list[bool]:
    """Of each line of a session's file, whether it is the past that a client brought along."""
    return [turn.get("given", False) for turn in server.turns(key)]
