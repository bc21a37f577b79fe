"""The consumer of responses, on a real PostgreSQL: each is scored or skipped with its reason, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.quality.consumer import QualityConsumer
from callbacks.quality.metrics import ScoreMetrics
from callbacks.quality.pool import ScoringPool
from callbacks.quality.pool_worker import Configuration
from callbacks.quality.storing import ScoreStore
from inferspect.events.delivery import DONE, Content, Retry
from inferspect.events.score import CONSUMER, ScoreMessage
from inferspect.extension import Observer
from inferspect.labels.models import ModelLabels
from inferspect.observation.quality import QualitySettings
from inferspect.observation.score_names import OF_SCORERS
from inferspect.store.scores.scores import LISTENERS, ScoreRow
from inferspect.store.tables import DeliveryRow
from tests.callbacks.quality.made import NOON, delivery, event, stored, tenant


@pytest.fixture
async def consumer(observer: Observer) -> AsyncIterator[QualityConsumer]:
    made = make(observer, Configuration())
    yield made
    await made.close()


def make(observer: Observer, configuration: Configuration, own_key: str | None = "own") -> QualityConsumer:
    pool = ScoringPool(configuration)
    return QualityConsumer(QualitySettings(), observer.tenants, ScoreStore(observer, ScoreMetrics(str)), pool, own_key)


def counted(outcome: str, reason: str = "") -> float:
    labels = {"outcome": outcome, "reason": reason}
    return REGISTRY.get_sample_value("inferspect_quality_responses_total", labels) or 0.0


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, True),
        ({"result": "cached"}, True),
        ({"result": "blocked"}, False),
        ({"result": "failure"}, False),
        ({"result": "aborted"}, False),
        ({"result": "unknown"}, False),
        ({"key_hash": "own"}, True),
    ],
)
async def test_successful_responses_are_wanted_so_that_each_has_a_row(
    consumer: QualityConsumer, values: dict[str, Any], wanted: bool
) -> None:
    assert consumer.wants(event(**values)) is wanted


async def test_every_response_has_a_row_and_every_scorer_a_place_in_it(
    consumer: QualityConsumer, engine: AsyncEngine
) -> None:
    """Of a disabled tenant, out of the sample, of the judge's own calls: skipped with the reason."""
    off, none = await tenant(engine, "off", enabled=False), await tenant(engine, "none", sample=0)
    given = {
        "scored": event(),
        "tenant_off": event(tenant_id=off),
        "sampled_out": event(tenant_id=none),
        "own_call": event(key_hash="own"),
    }
    before = {reason: counted("skipped", reason) for reason in given}
    scored_before = counted("scored")
    assert await consumer.deliver([delivery(of) for of in given.values()]) == [DONE] * 4
    rows = await stored(engine)
    assert {reason: rows[of.id]["skipped"] for reason, of in given.items()} == {
        reason: None if reason == "scored" else reason for reason in given
    }
    scored = rows[given["scored"].id]
    assert {*scored["scores"], *scored["skips"]} == set(OF_SCORERS)
    assert scored["scores"]["Relevance"] == 1.0
    assert (scored["scores"]["PII found"], scored["scores"]["Response Time"]) == (2, 0.5)
    assert counted("scored") == scored_before + 1
    for reason in ("tenant_off", "sampled_out", "own_call"):
        assert counted("skipped", reason) == before[reason] + 1


async def test_a_response_whose_texts_are_not_kept_has_the_scores_that_need_none(
    consumer: QualityConsumer, engine: AsyncEngine
) -> None:
    of = event()
    assert await consumer.deliver([delivery(of, Content())]) == [DONE]
    row = (await stored(engine))[of.id]
    assert (row["skipped"], row["scores"]) == (None, {"Response Time": 0.5, "PII found": 2})
    assert row["skips"] == {
        **dict.fromkeys({*OF_SCORERS} - {*row["scores"]}, "no_content"),
        "JSON validity": "json_not_asked",
    }


async def test_a_second_delivery_changes_and_counts_nothing(consumer: QualityConsumer, engine: AsyncEngine) -> None:
    told: list[ScoreRow] = []
    LISTENERS.append(told.append)
    try:
        one = delivery(event())
        before = counted("scored")
        for _ in range(2):
            assert await consumer.deliver([one]) == [DONE]
    finally:
        LISTENERS.remove(told.append)
    assert len(await stored(engine)) == 1
    assert counted("scored") == before + 1
    assert [row.id for row in told] == [one.id]


async def test_scores_join_the_trace_of_a_request_that_has_one(consumer: QualityConsumer, engine: AsyncEngine) -> None:
    traced, plain = event(tenant_id=await tenant(engine, "traced")), event()
    await consumer.deliver([delivery(traced), delivery(plain)])
    (message,) = (await stored(engine, DeliveryRow)).values()
    assert message["consumer"] == CONSUMER
    told = ScoreMessage.from_message(message["message"])
    assert told.event_id == traced.id
    scores = {score.name: score.value for score in told.scores}
    assert scores == (await stored(engine))[traced.id]["scores"]


async def test_deepchecks_gets_texts_with_their_scores(observer: Observer, engine: AsyncEngine) -> None:
    consumer = make(observer, Configuration(texts=15))
    try:
        await consumer.deliver([delivery(event()), delivery(event(), Content())])
    finally:
        await consumer.close()
    (message,) = (await stored(engine, DeliveryRow)).values()
    assert (message["consumer"], message["message"]["answer"]) == ("deepchecks", "The capital of ")


async def test_without_processes_nothing_is_stored_and_all_is_tried_again(
    observer: Observer, engine: AsyncEngine
) -> None:
    consumer = make(observer, Configuration(("no_such_package.scorers:Polite",)))
    outcomes = await consumer.deliver([delivery(event()), delivery(event())])
    assert all(isinstance(outcome, Retry) for outcome in outcomes)
    assert await stored(engine) == {}


async def test_samples_are_the_same_for_all(consumer: QualityConsumer, engine: AsyncEngine) -> None:
    """Half of the responses, and again the same half."""
    half = await tenant(engine, "half", sample=0.5)
    deliveries = [delivery(event(tenant_id=half), Content()) for _ in range(200)]
    await consumer.deliver(deliveries)
    first = {name: row["skipped"] for name, row in (await stored(engine)).items()}
    assert 60 < list(first.values()).count("sampled_out") < 140
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM inferspect.scores"))
    await consumer.deliver(deliveries)
    assert {name: row["skipped"] for name, row in (await stored(engine)).items()} == first


def test_metrics_name_configured_models_so_many_of_them_and_no_more() -> None:
    """Names of models and reasons are clients' and operators' own: under a wildcard a client may ask for any."""
    metrics = ScoreMetrics(ModelLabels(lambda: ["model-0", "model-1*", "model-7"], most=2))
    for number in range(500):
        row = ScoreRow(
            str(number), NOON, 1, "a", f"model-{number}", None, {"Relevance": 0.5}, skips={"Own": f"r{number}"}
        )
        metrics.count(row)
    samples = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    models = {sample.labels["model"] for sample in samples if sample.name == "inferspect_quality_score_count"}
    assert {"model-0", "model-1*", "other"} <= models
    assert not {"model-1", "model-2", "model-7", "model-100"} & models
    reasons = {sample.labels["reason"] for sample in samples if sample.labels.get("score") == "Own"}
    assert len(reasons) == 201


def test_a_mean_is_the_sum_over_the_count_above_the_least_score() -> None:
    """Sums of Prometheus must not fall, and Sentiment may be negative."""
    metrics = ScoreMetrics(str)
    for value in (-0.5, 0.5, -0.75):
        metrics.count(ScoreRow("x", NOON, 1, "a", "mean", None, {"Sentiment": value}))
    labels = {"score": "Sentiment", "model": "mean"}
    total = REGISTRY.get_sample_value("inferspect_quality_score_sum", labels)
    assert total is not None
    assert total / 3 - 1 == -0.25
