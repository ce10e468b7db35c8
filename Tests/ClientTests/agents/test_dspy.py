"""DSPy. A module's demos are earlier messages of each request, and its retries count nothing."""

import asyncio

import dspy

from conversation import asked, given, stored
from nanobot import Nanobot
from peer import Peer, says, waits


def make_model(server: Nanobot, key: str, **options: object) -> dspy.LM:
    options = {"num_retries": 0, "extra_headers": {"x-session-key": key}, **options}
    return dspy.LM("openai/nanobot", api_base=server.url, api_key="none", cache=False, **options)


def make_module() -> dspy.Module:
    module = dspy.Predict("country -> capital")
    module.demos = [dspy.Example(country="France", capital="Paris"), dspy.Example(country="Italy", capital="Rome")]
    return module


def answers(field: str, value: str) -> dict:
    """In the form that DSPy asks for."""
    return says(f"[[ ## {field} ## ]]\n{value}\n\n[[ ## completed ## ]]")


def names(said: list[str]) -> list[str]:
    """Who says which name, without the words that DSPy puts around it."""
    known = ["France", "Paris", "Italy", "Rome", "Spain", "Madrid", "Norway", "Oslo"]
    return [line.split(":")[0] + "".join(f" {name}" for name in known if name in line) for line in said if not line.startswith("system:")]


DEMOS = ["user France", "assistant Paris", "user Italy", "assistant Rome"]


def test_demos_are_the_past_of_a_new_session(server: Nanobot, peer: Peer, key: str):
    peer.script(answers("capital", "Madrid"), answers("capital", "Oslo"))
    with dspy.context(lm=make_model(server, key)):
        module = make_module()
        assert [module(country=country).capital for country in ["Spain", "Norway"]] == ["Madrid", "Oslo"]
    assert names(asked(peer, 0)) == [*DEMOS, "user Spain"]
    assert names(asked(peer, 1)) == [*DEMOS, "user Spain", "assistant Madrid", "user Norway"]
    # The instructions are one message, in front, and are not stored.
    assert [line.split(":")[0] for line in asked(peer)].count("system") == 1 and asked(peer)[0].startswith("system:")
    assert given(server, key) == [True, False, False]
    assert names(stored(server, key)) == [*DEMOS, "user Spain", "assistant Madrid", "user Norway", "assistant Oslo"]


def test_it_streams(server: Nanobot, peer: Peer, key: str):
    async def talk() -> None:
        peer.script(answers("capital", "Madrid"))
        listener = dspy.streaming.StreamListener(signature_field_name="capital")
        module = dspy.streamify(dspy.Predict("country -> capital"), stream_listeners=[listener])
        with dspy.context(lm=make_model(server, key)):
            *chunks, prediction = [chunk async for chunk in module(country="Spain")]
        assert "".join(chunk.chunk for chunk in chunks) == prediction.capital == "Madrid"

    asyncio.run(talk())
    assert names(stored(server, key)) == ["user Spain", "assistant Madrid"]


def test_a_tool_loop(server: Nanobot, peer: Peer, key: str):
    def capital(country: str) -> str:
        """The capital of a country."""
        return {"Spain": "Madrid"}[country]

    def step(thought: str, tool: str, arguments: str) -> dict:
        fields = {"next_thought": thought, "next_tool_name": tool, "next_tool_args": arguments, "completed": ""}
        return says("\n\n".join(f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items()))

    final = says("[[ ## reasoning ## ]]\nThe tool says so.\n\n[[ ## answer ## ]]\nMadrid\n\n[[ ## completed ## ]]")
    peer.script(step("I look it up.", "capital", '{"country": "Spain"}'), step("I know it.", "finish", "{}"), final)
    with dspy.context(lm=make_model(server, key)):
        assert dspy.ReAct("question -> answer", tools=[capital])(question="Capital of Spain?").answer == "Madrid"
    assert len(peer.requests()) == 3
    # Each step is a request of its own, without what was said before: a turn.
    assert [line.split(":")[0] for line in stored(server, key)] == ["user", "assistant"] * 3
    assert [line.split(":")[0] for line in asked(peer)] == ["system", *["user", "assistant"] * 2, "user"]


def test_its_retry(server: Nanobot, peer: Peer, key: str):
    peer.script(waits(1.5), answers("capital", "Madrid"))
    with dspy.context(lm=make_model(server, key, num_retries=5, timeout=1)):
        assert make_module()(country="Spain").capital == "Madrid"
    assert len(peer.requests()) == 1
    assert names(stored(server, key)) == [*DEMOS, "user Spain", "assistant Madrid"]
