"""Scores as Langfuse's SDK lists them from the collector."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from langfuse.api import LangfuseAPI

from inferspect.testing.langfuse import LangfuseCollector
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = (PUBLIC_KEY, SECRET_KEY)


@pytest.fixture
def collector() -> Iterator[LangfuseCollector]:
    with LangfuseCollector() as langfuse:
        yield langfuse


def give(collector: LangfuseCollector, **told: Any) -> None:
    body = {"name": "user-feedback", "value": 0, "dataType": "NUMERIC", "timestamp": NOON.isoformat(), **told}
    httpx.post(f"{collector.url}/api/public/scores", json=body, auth=KEYS).raise_for_status()


def listed(collector: LangfuseCollector, version: str = "v3", **query: Any) -> httpx.Response:
    return httpx.get(f"{collector.url}/api/public/{version}/scores", params=query, auth=KEYS)


def test_the_sdk_reads_scores_of_each_kind(collector: LangfuseCollector) -> None:
    give(collector, id="a", traceId="t", observationId="o", value=0.5, comment="meh")
    give(collector, id="b", sessionId="s", dataType="BOOLEAN", value=1)
    give(collector, id="c", traceId="t", dataType="CATEGORICAL", value="bad")
    api = LangfuseAPI(base_url=collector.url, username=PUBLIC_KEY, password=SECRET_KEY)
    found = {score.id: score for score in api.scores.get_many(fields="subject,details").data}
    assert {id_: score.value for id_, score in found.items()} == {"a": 0.5, "b": True, "c": "bad"}
    subjects = {id_: score.subject for id_, score in found.items()}
    assert (subjects["a"].kind, subjects["a"].id, subjects["a"].trace_id) == ("observation", "o", "t")
    assert (subjects["b"].kind, subjects["c"].kind, found["a"].comment) == ("session", "trace", "meh")


def test_the_sdk_goes_from_page_to_page(collector: LangfuseCollector) -> None:
    for number in range(5):
        give(collector, id=f"s{number}", traceId="t", timestamp=(NOON + timedelta(hours=number)).isoformat())
    api = LangfuseAPI(base_url=collector.url, username=PUBLIC_KEY, password=SECRET_KEY)
    first = api.scores.get_many(limit=3)
    second = api.scores.get_many(limit=3, cursor=first.meta.cursor)
    assert [score.id for score in [*first.data, *second.data]] == ["s4", "s3", "s2", "s1", "s0"]
    assert second.meta.cursor is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "user-feedback"}, {"a", "b"}),
        ({"name": "user-feedback,other"}, {"a", "b", "c"}),
        ({"dataType": "numeric"}, {"a", "c"}),
        ({"dataType": "NUMERIC", "valueMax": 0.5}, {"a"}),
        ({"traceId": "t"}, {"a"}),
        ({"fromTimestamp": (NOON + timedelta(minutes=1)).isoformat()}, {"c"}),
        ({"toTimestamp": (NOON + timedelta(minutes=1)).isoformat()}, {"a", "b"}),
    ],
)
def test_filters_leave_what_they_name(collector: LangfuseCollector, query: dict[str, Any], expected: set[str]) -> None:
    give(collector, id="a", traceId="t")
    give(collector, id="b", sessionId="s", dataType="BOOLEAN", value=1)
    give(collector, id="c", traceId="u", name="other", value=9, timestamp=(NOON + timedelta(hours=1)).isoformat())
    assert {entry["id"] for entry in listed(collector, **query).json()["data"]} == expected


@pytest.mark.parametrize(
    "query",
    [{"limit": 101}, {"fields": "everything"}, {"cursor": "x"}, {"valueMax": 1}, {"observationId": "o"}, {"page": 1}],
)
def test_what_langfuse_refuses_the_collector_refuses(collector: LangfuseCollector, query: dict[str, Any]) -> None:
    assert listed(collector, **query).status_code == 400


def test_the_older_version_has_pages_and_flat_entries(collector: LangfuseCollector) -> None:
    for number in range(5):
        give(collector, id=f"s{number}", traceId=f"t{number}", value=number)
    body = listed(collector, "v2", limit=2, page=2).json()
    assert body["meta"] == {"page": 2, "limit": 2, "totalItems": 5, "totalPages": 3}
    assert [(entry["traceId"], entry["value"]) for entry in body["data"]] == [("t2", 2), ("t1", 1)]
    few = listed(collector, "v2", operator="<=", value=1).json()
    assert {entry["id"] for entry in few["data"]} == {"s0", "s1"}


def test_keys_are_needed(collector: LangfuseCollector) -> None:
    assert httpx.get(f"{collector.url}/api/public/v3/scores").status_code == 401
