"""Loaded by schemathesis: what test_description.py checks beyond its own checks, and what no schema can say."""

import os

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import Failure

# Of HTTP and of the web server, not of the API.
TRANSPORT = {"content-type", "content-length", "transfer-encoding", "connection", "date", "server"}


class Undocumented(Failure):
    """A header that the description does not have."""

    def __init__(self, *, operation: str, message: str, names: list[str]):
        super().__init__(operation=operation, title="Undocumented response header", message=message)
        self.names = names

    @property
    def _unique_key(self) -> str:
        return ",".join(self.names)


@schemathesis.check
def response_headers_are_documented(_: CheckContext, response: Response, case: Case) -> None:
    definition = case.operation.responses.find_by_status_code(response.status_code)
    # Without one, the status has failed, or nothing is described: a method that the path does not take.
    if definition is None:
        return
    names = sorted(set(response.headers) - TRANSPORT - {name.lower() for name, _ in definition.headers.items()})
    if names:
        raise Undocumented(operation=case.operation.label, message=f"{response.status_code}: {', '.join(names)}", names=names)


@schemathesis.hook
def before_load_schema(_: HookContext, raw_schema: dict) -> None:
    # It describes servers with and without keys. With keys, no call goes without.
    if "CLOSED" in os.environ:
        raw_schema["security"].remove({})


@schemathesis.hook
def filter_case(_: HookContext, case: Case) -> bool:
    # Only a response says before which turn a page ends. The links of the description follow it.
    if case.operation.label == "GET /v1/session" and (case.query or {}).get("before"):
        return False
    # Which messages are new depends on their order, and only those are checked; a tool's result has to be one that the session waits for.
    if case.operation.label == "POST /v1/chat/completions" and isinstance(case.body, dict) and isinstance(case.body.get("messages"), list):
        return not any(message.get("role") in ("assistant", "tool", "function") for message in case.body["messages"] if isinstance(message, dict))
    return True


@schemathesis.hook
def after_call(_: HookContext, case: Case, response: Response) -> None:
    with open(os.environ["SEEN"], "a") as seen:
        print(case.operation.label, response.status_code, *response.headers, file=seen)
