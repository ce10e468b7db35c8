"""What sessions hold, held against what clients were told."""

import json

from clients import Conversation, Page, Turn, asked


def texts(file: str) -> list[str]:
    """What was asked, in the order of a session's file."""
    return [text for turn in json.loads(file)["turns"] for text in asked(turn.get("messages", []))]


def faults(conversation: Conversation, page: Page) -> list[str]:
    """What is wrong with what somebody saw: turns that are lost, there twice, unknown, or in another order than they were acknowledged.

    A turn that was asked for after another one was acknowledged has to stand behind it, whoever asked.
    """
    turns = {turn.text: turn for turn in conversation.turns}
    found = []
    places: dict[str, int] = {}
    for place, text in enumerate(page.texts):
        if text in places:
            found.append(f"{text} is there twice")
        if text not in turns or turns[text].begun > page.ended:
            found.append(f"{text} was not asked")
        elif is_gone(turns[text], conversation, page):
            found.append(f"{text} was removed, and is there")
        places[text] = place
    found += [
        f"{turn.text} is lost"
        for turn in conversation.turns if turn.text not in places and must_be_there(turn, conversation, page)
    ]  # fmt: skip

    first_acknowledged = float("inf")
    for turn in reversed([turns[text] for text in page.texts if text in turns]):
        if first_acknowledged < turn.begun:
            found.append(f"{turn.text} stands before a turn that was acknowledged before it was asked")
        if turn.acknowledged is not None:
            first_acknowledged = min(first_acknowledged, turn.acknowledged)
    return [f"{fault}, says {page.where}" for fault in found]


def must_be_there(turn: Turn, conversation: Conversation, page: Page) -> bool:
    """Whether it was acknowledged before anybody looked, and nothing can have removed it."""
    if turn.acknowledged is None or turn.acknowledged > page.begun:
        return False
    return not any(
        removal.text in (None, turn.text) and removal.begun < page.ended and removal.ended > turn.begun for removal in conversation.removals
    )


def is_gone(turn: Turn, conversation: Conversation, page: Page) -> bool:
    """Whether it was removed for certain before anybody looked."""
    return any(
        removal.ended < page.begun
        and (removal.text == turn.text or removal.text is None and turn.acknowledged is not None and turn.acknowledged < removal.begun)
        for removal in conversation.removals
    )
