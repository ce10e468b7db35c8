"""What the session files say, held against what clients were told."""

import json

from clients import Conversation


def texts(file: str) -> list[str]:
    """What was asked, in the order of a session's file."""
    return [
        message["content"]
        for turn in json.loads(file)["turns"] for message in turn.get("messages", []) if message["role"] == "user"
    ]  # fmt: skip


def faults(conversation: Conversation, stored: list[str]) -> list[str]:
    """What is wrong with a file: turns that are lost, there twice, unknown, or in another order than they were acknowledged.

    A turn that was asked for after another one was acknowledged has to stand behind it, whoever asked.
    """
    asked = {turn.text: turn for turn in conversation.turns}
    found = []
    places: dict[str, int] = {}
    for place, text in enumerate(stored):
        if text in places:
            found.append(f"{text} is there twice")
        if text not in asked:
            found.append(f"{text} was not asked")
        if text in conversation.undone:
            found.append(f"{text} was taken back")
        places[text] = place
    for turn in conversation.turns:
        if turn.acknowledged is not None and turn.text not in places and turn.text not in conversation.undone:
            found.append(f"{turn.text} is lost")

    first_acknowledged = float("inf")
    for text in reversed([text for text in stored if text in asked]):
        turn = asked[text]
        if first_acknowledged < turn.begun:
            found.append(f"{text} stands before a turn that was acknowledged before it was asked")
        if turn.acknowledged is not None:
            first_acknowledged = min(first_acknowledged, turn.acknowledged)
    return found
