"""The nginx in front of the hosts."""

import http.client
import json

from cluster import Cluster


def body(text: str, **parameters: object) -> dict:
    return {"model": "nanobot", "messages": [{"role": "user", "content": text}]} | parameters


def test_requests_get_a_key_where_their_client_has_none_and_does_not_count(cluster: Cluster) -> None:
    client = cluster.client(through_front=True)
    sent: list[dict[str, str]] = [{}, {"Idempotency_Key": "mine"}, {"x_message_id": "message-1"}, {"x_stainless_retry_count": "0"}]
    for number, headers in enumerate(sent):
        answer = client.ask("POST", "/chat/completions", "front:0", body(f"Hello {number}"), **headers)
        assert answer.status == 200, answer
    stored = json.loads(cluster.hosts[0].read("front%3A0.json"))["turns"]
    made, *others = [turn["request"]["idempotency_key"] for turn in stored]
    assert len(made) == 32 and others == ["mine", "message-1", None]

    # The last one says that it is a retry.
    retry = client.ask("POST", "/chat/completions", "front:0", body("Hello 3"), x_stainless_retry_count="1")
    assert retry.headers.get("idempotency-replayed") == "true", retry


def test_streams_come_word_by_word(cluster: Cluster) -> None:
    connection = http.client.HTTPConnection(*cluster.front.address, timeout=60)
    headers = {"Content-Type": "application/json", "x-session-key": "front:1", "x-api-key": cluster.secret}
    connection.request("POST", "/v1/chat/completions", json.dumps(body("stream", model="slow", stream=True)), headers)
    response = connection.getresponse()
    read = b""
    while b"At " not in read:
        read += response.readline()
    assert b"last." not in read and b"[DONE]" not in read
    cluster.model.release("stream")
    assert response.read().rstrip().endswith(b"[DONE]")


def test_its_own_errors_are_json(cluster: Cluster) -> None:
    answer = cluster.client(through_front=True).ask("POST", "/chat/completions", "front:2", body("x" * 17_000_000))
    assert (answer.status, answer.json["error"]["code"]) == (413, "request_too_large")
