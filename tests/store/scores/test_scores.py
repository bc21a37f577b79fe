"""Scores in a real PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from inferspect.store.address import driver_url
from inferspect.store.scores.scores import Mean, ScoreRow, add_scores, means_by_tenant, windowed_means, write_scores

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(store_url))
    async with made.begin() as connection:
        await connection.execute(
            text(
                "CREATE TABLE inferspect.scores_20260301 PARTITION OF inferspect.scores"
                " FOR VALUES FROM ('2026-03-01') TO ('2026-03-02')"
            )
        )
    yield made
    await made.dispose()


def row(**values: Any) -> ScoreRow:
    given = {"id": str(uuid.uuid4()), "occurred_at": NOON, "revision": 1, "tenant_id": "a", "model": "demo"}
    return ScoreRow(**{**given, **values})


async def stored(engine: AsyncEngine, statement: str = "SELECT * FROM inferspect.scores") -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        return [dict(found) for found in (await connection.execute(text(statement))).mappings()]


async def write(engine: AsyncEngine, *rows: ScoreRow) -> set[str]:
    async with engine.begin() as connection:
        return await write_scores(connection, rows)


async def test_a_response_that_is_scored_twice_has_one_row_and_is_counted_once(engine: AsyncEngine) -> None:
    once = row(scores={"Relevance": 0.5}, labels={"Language": "en"}, skips={"Grounded in Context": "no_context"})
    assert await write(engine, once) == {once.id}
    assert await write(engine, once) == set()
    (found,) = await stored(engine)
    assert (found["scores"], found["labels"], found["skips"]) == (once.scores, once.labels, once.skips)


async def test_a_newer_revision_moves_a_skip_to_a_score_and_an_older_one_changes_nothing(engine: AsyncEngine) -> None:
    """Tokens may come after the rest."""
    first = row(scores={"Relevance": 0.5}, skips={"Token Efficiency": "no_tokens"})
    later = row(id=first.id, revision=2, scores={"Relevance": 0.5, "Token Efficiency": 0.9})
    for each in (first, later, first):
        await write(engine, each)
    (found,) = await stored(engine)
    assert (found["revision"], found["scores"], found["skips"]) == (2, later.scores, {})


async def test_what_a_model_says_is_added_and_outlives_a_newer_revision(engine: AsyncEngine) -> None:
    first = row(scores={"Relevance": 0.5}, skips={"Toxicity": "not_judged"})
    await write(engine, first)
    async with engine.begin() as connection:
        assert await add_scores(connection, row(id=first.id, scores={"Toxicity": 0.1}))
        assert not await add_scores(connection, row(scores={"Toxicity": 0.1}))
    await write(engine, row(id=first.id, revision=2, scores={"Relevance": 0.6}))
    (found,) = await stored(engine)
    assert (found["scores"], found["skips"]) == ({"Relevance": 0.6, "Toxicity": 0.1}, {})


async def test_the_view_has_a_row_for_each_score_and_each_skip(engine: AsyncEngine) -> None:
    await write(
        engine,
        row(scores={"Language": 0.9}, labels={"Language": "vi"}, skips={"Sentiment": "x"}, versions={"Sentiment": 3}),
    )
    found = await stored(
        engine, "SELECT name, value, label, skipped, version FROM inferspect.score_values ORDER BY name"
    )
    assert [tuple(each.values()) for each in found] == [
        ("Language", 0.9, "vi", None, 1),
        ("Sentiment", None, None, "x", 3),
    ]


async def test_means_are_of_the_window_and_the_tenant_and_leave_skips_out(engine: AsyncEngine) -> None:
    await write(
        engine,
        row(scores={"Relevance": 0.2}),
        row(scores={"Relevance": 0.4}),
        row(skips={"Relevance": "no_content"}),
        row(tenant_id="b", scores={"Relevance": 0.9}),
        row(occurred_at=NOON - timedelta(hours=2), scores={"Relevance": 1.0}),
    )
    async with engine.connect() as connection:
        of_one = await windowed_means(connection, ["Relevance", "Sentiment"], NOON - timedelta(hours=1), "a")
        of_all = await windowed_means(connection, ["Relevance"], NOON - timedelta(hours=1))
        by_tenant = await means_by_tenant(connection, ["Relevance"], NOON - timedelta(hours=1))
    assert of_one == {"Relevance": Mean(pytest.approx(0.3), 2), "Sentiment": Mean(None, 0)}
    assert of_all == {"Relevance": Mean(pytest.approx(0.5), 3)}
    assert by_tenant == {("a", "Relevance"): Mean(pytest.approx(0.3), 2), ("b", "Relevance"): Mean(0.9, 1)}
