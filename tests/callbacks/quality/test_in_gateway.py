"""Scores of answers that a real gateway gave."""

from __future__ import annotations

import time
import uuid
from typing import Any

from inferspect.observation.score_names import OF_SCORERS
from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

QUESTION = "What is the capital of France, and on which river does it lie?"


def row_of(gateway: GatewayProcess, request_id: str) -> dict[str, Any]:
    while True:
        rows = gateway.query("SELECT * FROM inferspect.scores WHERE id = %s", uuid.UUID(request_id))
        if rows:
            return rows[0]
        time.sleep(0.1)


def asked(gateway: GatewayProcess, key: str, **values: Any) -> dict[str, Any]:
    body = {"model": "sim/echo", "messages": [{"role": "user", "content": QUESTION}], **values}
    with gateway.client(key) as client:
        answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200
    return row_of(gateway, answer.headers["x-request-id"])


def test_answers_whole_and_streamed_are_scored(gateway: GatewayProcess, key: str) -> None:
    """The simulator repeats the question, so its answer is all about it."""
    for stream in (False, True):
        row = asked(gateway, key, stream=stream)
        assert row["skipped"] is None
        assert {*row["scores"], *row["skips"]} == set(OF_SCORERS)
        assert row["scores"]["Relevance"] == 1.0
        assert row["scores"]["Response Time"] > 0
        assert row["scores"]["PII found"] == 0
        assert row["labels"]["Language"] == "en"


def test_json_that_was_asked_for_is_checked(gateway: GatewayProcess, key: str, scripted: UpstreamSimulator) -> None:
    scripted.script = [{"match": "capital of France", "model": "scripted", "answer": "It is Paris."}]
    for model, expected in (("sim/echo", (1.0, "valid")), ("sim/scripted", (0.0, "no_json"))):
        row = asked(gateway, key, model=model, response_format={"type": "json_object"})
        assert (row["scores"]["JSON validity"], row["labels"]["JSON validity"]) == expected


def test_a_tenant_that_keeps_no_content_has_scores_that_need_none_and_a_row_that_says_so(
    gateway: GatewayProcess,
) -> None:
    row = asked(gateway, gateway.new_key(rules={"observation": {"content": "none"}}))
    assert row["skips"]["Relevance"] == "no_content"
    assert row["scores"].keys() == {"Response Time", "PII found"}
    off = gateway.new_key(rules={"observation": {"quality": {"enabled": False}}})
    assert asked(gateway, off)["skipped"] == "tenant_off"


def test_a_response_without_text_is_accounted_for(gateway: GatewayProcess, key: str) -> None:
    with gateway.client(key) as client:
        answer = client.post("/v1/embeddings", json={"model": "demo-embedding", "input": "Hello"})
    assert answer.status_code == 200
    row = row_of(gateway, answer.headers["x-request-id"])
    assert row["skips"]["Relevance"] == "no_answer"
