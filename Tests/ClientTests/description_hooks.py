"""Loaded by schemathesis: what test_description.py checks beyond its own checks, and what no schema can say."""

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator

import jsonschema_rs
import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import Failure

# Of HTTP and of the web server, not of the API.
TRANSPORT = {"content-type", "content-length", "transfer-encoding", "connection", "date", "server"}


# The items of a response's input that have to fit to others.
STORED = ("reasoning", "function_call", "function_call_output", "item_reference")


class Untrue(Failure):
    """What the description does not say, or says otherwise."""

    def __init__(self, *, operation: str, title: str, message: str):
        super().__init__(operation=operation, title=title, message=message)

    @property
    def _unique_key(self) -> str:
        return self.message


@schemathesis.check
def response_headers_are_documented(_: CheckContext, response: Response, case: Case) -> None:
    definition = case.operation.responses.find_by_status_code(response.status_code)
    # Without one, the status has failed, or nothing is described: a method that the path does not take.
    if definition is None:
        return
    names = sorted(set(response.headers) - TRANSPORT - {name.lower() for name, _ in definition.headers.items()})
    if names:
        raise Untrue(
            operation=case.operation.label, title="Undocumented response header", message=f"{response.status_code}: {', '.join(names)}"
        )


@schemathesis.check
def events_conform(_: CheckContext, response: Response, case: Case) -> None:
    """What `data:` of a stream holds: schemathesis does not read `contentSchema`."""
    if not response.headers.get("content-type", [""])[0].startswith("text/event-stream"):
        return
    raw = case.operation.schema.raw_schema
    schema = case.operation.definition.raw["responses"]["200"]["content"]["text/event-stream"]["schema"]
    if "$ref" in schema:
        schema = raw["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    _done, content = schema["properties"]["data"]["anyOf"]
    first = int((case.query or {}).get("starting_after", -1)) + 1
    validator = jsonschema_rs.validator_for(content["contentSchema"] | {"components": raw["components"]})
    *chunks, last, end = response.text.split("\n\n")
    # A slow turn has comments.
    chunks = [chunk for chunk in chunks if not chunk.startswith(":")]

    def is_right(number: int, chunk: str) -> bool:
        fields = dict(line.split(": ", 1) for line in chunk.split("\n"))
        data = json.loads(fields["data"])
        # Chat completions have no names and no numbers.
        in_order = data.get("type") == fields.get("event") and data.get("sequence_number", number) == number
        return in_order and validator.is_valid(data)

    wrong = [chunk for number, chunk in enumerate(chunks, first) if not is_right(number, chunk)]
    if wrong or last != "data: [DONE]" or end:
        raise Untrue(operation=case.operation.label, title="Stream does not conform", message="\n\n".join([*wrong, last + end]))


@schemathesis.hook
def before_load_schema(_: HookContext, raw_schema: dict) -> None:
    # It describes servers with and without keys. With keys, no call goes without.
    if os.environ["STATE"] != "open":
        raw_schema["security"].remove({})
    # And a publishable key may leave the session out, as the description says in words.
    if os.environ["STATE"] == "publishable":
        parameters = raw_schema["components"]["parameters"]
        for parameter in (parameters["x-session-key"], parameters["x-session-key-optional"]):
            parameter["required"] = False
            parameter["schema"]["pattern"] = "^$|" + parameter["schema"]["pattern"]


@schemathesis.hook
def filter_case(_: HookContext, case: Case) -> bool:
    # Only a response says before which turn a page ends. A test of its own asks for that page.
    if case.operation.label == "GET /v1/session" and (case.query or {}).get("before"):
        return False
    # Which messages are new depends on their order, and only those are checked; a tool's result has to be one that the session waits for.
    if case.operation.label == "POST /v1/chat/completions" and isinstance(case.body, dict) and isinstance(case.body.get("messages"), list):
        roles = [message.get("role") for message in case.body["messages"] if isinstance(message, dict)]
        return not any(role in ("assistant", "tool", "function") for role in roles)
    if case.operation.label in ("POST /v1/responses", "POST /v1/responses/input_tokens") and isinstance(case.body, dict):
        return not depends(case.body, case.headers or {})
    # Only a list says what it has.
    return case.operation.label == "GET /v1/sessions" or "after" not in (case.query or {})


def depends(body: dict, headers: dict) -> bool:
    """True if what is stored, or another part of the request, says whether a request for a response is right."""
    conversation, key = body.get("conversation"), headers.get("x-session-key")
    if isinstance(body.get("previous_response_id"), str) or conversation and key:
        return True
    mode = str(headers.get("x-session-mode")).lower()
    # It is for sessions that the client knows by its history.
    if mode == "mirror" and not key:
        return True
    # What runs in the background is stored.
    if body.get("background") and mode in ("readonly", "ephemeral"):
        return True
    # As with chat completions.
    items = [item for item in body["input"] if isinstance(item, dict)] if isinstance(body.get("input"), list) else []
    return any(item.get("role") == "assistant" or item.get("type") in STORED for item in items)


# What there is, the newest last: the ids that lead to it, in the order of the path's parameters. Responses say it, but for stored
# completions: those of schemathesis are gone with their session before it asks for them.
_known: dict[str, list[tuple[str, ...]]] = {"completion": [(id,) for id in os.environ.get("COMPLETIONS", "").split()]}

# What the paths with ids are about.
PATHS = {
    "/v1/chat/completions/{id}": "completion", "/v1/chat/completions/{id}/messages": "completion", "/v1/responses/{id}": "response",
    "/v1/responses/{id}/input_items": "response", "/v1/responses/{id}/cancel": "background", "/v1/conversations/{id}": "conversation",
    "/v1/conversations/{id}/items": "conversation", "/v1/conversations/{id}/items/{item}": "item",
}


def found(case: Case, response: Response) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a response says there is now."""
    if response.status_code != 200 or response.headers.get("content-type") != ["application/json"]:
        return
    value = json.loads(response.text)
    match value.get("object"):
        case "response" if value.get("store"):
            yield "background" if value["background"] else "response", (value["id"],)
        case "conversation":
            yield "conversation", (value["id"],)
        case "list" if case.path == "/v1/conversations/{id}/items":
            yield from (("item", (case.path_parameters["id"], item["id"])) for item in value["data"])


# How many cases of an operation should succeed.
_positive: Counter[str] = Counter()


def lead_somewhere(case: Case) -> None:
    """Puts known ids in place of those of every other case that should succeed."""
    kind = PATHS.get(case.path)
    if kind is None or not case.meta.generation.mode.is_positive:
        return
    streams = kind == "response" and str((case.query or {}).get("stream")).lower() == "true"
    known = _known.get("background" if streams else kind)
    _positive[case.operation.label] += 1
    if known and _positive[case.operation.label] % 2:
        case.path_parameters = dict(zip(("id", "item"), known.pop() if case.method == "DELETE" else known[-1]))
    # An empty page has no ids.
    case.path_parameters = {name: value if value != "" else "none" for name, value in case.path_parameters.items()}
    # Only what runs in the background can be streamed again.
    if streams and (case.path_parameters["id"],) in _known.get("response", []):
        case.query = {}


_calls = itertools.count()


@schemathesis.hook
def before_call(_: HookContext, case: Case, __: dict) -> None:
    lead_somewhere(case)
    # A key for each request: all but the first would be in conflict with it.
    for name in ("Idempotency-Key", "x-message-id"):
        if value := (case.headers or {}).get(name):
            case.headers[name] = f"{next(_calls):06}{value[6:]}"
    # A key from a response. requests sends Latin-1, and the API wants UTF-8.
    if value := (case.headers or {}).get("x-session-key"):
        case.headers["x-session-key"] = value.encode(errors="surrogatepass").decode("latin-1")


@schemathesis.hook
def after_call(_: HookContext, case: Case, response: Response) -> None:
    for kind, ids in found(case, response):
        # Older ones may have gone with their session.
        _known[kind] = [*_known.get(kind, [])[-9:], ids]
    # It was never stored, or something took it away.
    known = _known.get(PATHS.get(case.path))
    if response.status_code == 404 and known and known[-1] == tuple(case.path_parameters.values()):
        known.pop()
    with open(os.environ["SEEN"], "a") as seen:
        print(case.operation.label, response.status_code, *response.headers, file=seen)
