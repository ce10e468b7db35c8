"""smolagents. It writes its model's calls and their results as text."""

from smolagents import OpenAIServerModel, ToolCallingAgent, tool

from conversation import asked, lines, stored
from nanobot import Nanobot
from peer import Peer, calls, says, waits


@tool
def weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: The city.
    """
    return f"21 degrees in {city}"


def make_agent(server: Nanobot, key: str, mode: str = "normal", streams: bool = False, **options: object) -> ToolCallingAgent:
    options = {"default_headers": {"x-session-key": key, "x-session-mode": mode}, "max_retries": 0, **options}
    model = OpenAIServerModel("nanobot", api_base=server.url, api_key="none", client_kwargs=options, retry=False)
    return ToolCallingAgent(tools=[weather], model=model, stream_outputs=streams, verbosity_level=0)


def spoken(said: list[str]) -> list[str]:
    """Without the instructions, which are long."""
    return [line for line in said if not line.startswith("system:")]


PARIS = calls("weather", city="Paris")
WARM = calls("final_answer", answer="Warm.")


def test_results_that_come_as_text(server: Nanobot, peer: Peer, key: str):
    peer.script(PARIS, WARM, calls("final_answer", answer="Bye."))
    agent = make_agent(server, key)
    assert [agent.run("How is Paris?"), agent.run("Thanks.", reset=False)] == ["Warm.", "Bye."]
    # For the API a message of the user comes in place of the calls' results.
    conversation = [
        "user: New task:\nHow is Paris?",
        'assistant calls weather {"city": "Paris"}',
        "user: Observation:\n21 degrees in Paris",
        'assistant calls final_answer {"answer": "Warm."}',
        "user: Observation:\nWarm.\nNew task:\nThanks.",
    ]
    assert [line for line in spoken(asked(peer)) if line != "tool: There is no result."] == conversation
    said = [line for turn in server.turns(key) for line in lines(turn["messages"])]
    assert said == [*conversation, 'assistant calls final_answer {"answer": "Bye."}']


def test_a_mirror_shows_them_as_the_client_does(server: Nanobot, peer: Peer, key: str):
    peer.script(PARIS, WARM, calls("final_answer", answer="Bye."))
    agent = make_agent(server, key, mode="mirror")
    assert [agent.run("How is Paris?"), agent.run("Thanks.", reset=False)] == ["Warm.", "Bye."]
    task, call, observation, final, thanks = spoken(asked(peer))
    assert (task, observation) == ("user: New task:\nHow is Paris?", "user: Observation:\n21 degrees in Paris")
    assert call.startswith("assistant: Calling tools:") and "'Paris'" in call
    assert final.startswith("assistant: Calling tools:") and "'Warm.'" in final
    assert thanks == "user: Observation:\nWarm.\nNew task:\nThanks."
    assert stored(server, key) == [task, call, observation, final, thanks, 'assistant calls final_answer {"answer": "Bye."}']


def test_it_streams(server: Nanobot, peer: Peer, key: str):
    peer.script(WARM)
    assert make_agent(server, key, streams=True).run("How is Paris?") == "Warm."
    assert peer.requests()[-1]["body"]["stream"] is True
    assert stored(server, key) == ["user: New task:\nHow is Paris?", 'assistant calls final_answer {"answer": "Warm."}']


def test_its_retry(server: Nanobot, peer: Peer, key: str):
    peer.script(waits(2), WARM)
    assert make_agent(server, key, max_retries=20, timeout=1).run("How is Paris?") == "Warm."
    assert len(peer.requests()) == 1
    assert stored(server, key) == ["user: New task:\nHow is Paris?", 'assistant calls final_answer {"answer": "Warm."}']
