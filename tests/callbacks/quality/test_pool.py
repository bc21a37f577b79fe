"""Processes that score: one that ends or hangs costs one response, and is replaced."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callbacks.quality.pool import PoolError, ScoringPool, Unscored
from callbacks.quality.pool_worker import Configuration
from tests.callbacks.quality.own_scorers import DEADLY, ENDLESS, ONCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = "tests.callbacks.quality.own_scorers:Hostile"


def response(answer: str) -> Unscored:
    return Unscored({"seconds": 0.5}, json.dumps("What?"), json.dumps(answer))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[ScoringPool]:
    """One for all tests: whatever became of its processes, the next batch is scored."""
    made = ScoringPool(Configuration((HOSTILE,), texts=4, scorer_seconds=0.1), processes=2, deadline=60)
    await made.start()
    yield made
    await made.close()
    assert made.pids == []


async def test_results_come_in_the_order_of_the_responses(pool: ScoringPool) -> None:
    results = await pool.score([response("x" * length) for length in range(1, 31)])
    assert [result["scores"]["Text Length"] for result in results] == list(range(1, 31))
    assert results[9]["texts"] == {"question": "What", "context": "", "answer": "xxxx"}


async def test_a_response_that_ends_its_process_is_an_error_and_the_others_are_scored(pool: ScoringPool) -> None:
    before = set(pool.pids)
    results = await pool.score([response(answer) for answer in ("fine", DEADLY, "also fine")])
    assert [result.get("skipped") for result in results] == [None, "error", None]
    assert all(result["scores"]["Hostile"] == 1.0 for result in results if "scores" in result)
    assert before != set(pool.pids)


async def test_a_response_that_never_ends_is_a_timeout_and_its_process_replaced() -> None:
    pool = ScoringPool(Configuration((HOSTILE,)), deadline=0.5)
    await pool.start()
    before = pool.pids
    assert await pool.score([response(ENDLESS)]) == [{"skipped": "timeout"}]
    await pool.start()
    assert len(pool.pids) == 1
    assert pool.pids != before
    await pool.close()


async def test_a_response_whose_process_somebody_else_ended_is_scored_after_all(
    pool: ScoringPool, tmp_path: Path
) -> None:
    (result,) = await pool.score([response(f"{ONCE}{tmp_path / 'ended'}")])
    assert result["scores"]["Hostile"] == 1.0


async def test_processes_that_were_killed_between_batches_are_replaced(pool: ScoringPool) -> None:
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    results = await pool.score([response("fine") for _ in range(4)])
    assert [result["scores"]["Hostile"] for result in results] == [1.0] * 4


async def test_who_asks_may_go_and_the_next_batch_is_right(pool: ScoringPool) -> None:
    """A process that is in the middle of something answers no other question with it."""
    asking = asyncio.create_task(pool.score([response(ENDLESS), response(ENDLESS)]))
    while len(pool.pids) < 2 or not asking.get_coro().cr_await:  # type: ignore[union-attr]
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (result,) = await pool.score([response("fine")])
    assert result["scores"]["Text Length"] == 4


DOUBLED = {
    "$defs": {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": {"const": "b"}},
    "$ref": "#/$defs/d0",
}
CATASTROPHIC = {"properties": {"a": {"pattern": "^(a+)+$"}}}


@pytest.mark.parametrize("schema", [DOUBLED, CATASTROPHIC])
async def test_a_client_s_schema_that_takes_for_ever_costs_one_score(pool: ScoringPool, schema: dict[str, Any]) -> None:
    """The response keeps its other scores, the process its life, and whoever comes next does not wait."""
    await pool.start()
    before = pool.pids
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    answer = json.dumps({"a": "a" * 60 + "!"})
    hostile = Unscored({"seconds": 0.5, "response_format": form}, json.dumps("What?"), json.dumps(answer))
    results = await pool.score([hostile, response("fine")])
    assert results[0]["skips"]["JSON validity"] == "timeout"
    assert results[0]["scores"]["Text Length"] == len(answer)
    assert results[1]["scores"]["Text Length"] == 4
    assert pool.pids == before


async def test_a_pool_whose_processes_do_not_start_says_so() -> None:
    pool = ScoringPool(Configuration(("no_such_package.scorers:Polite",)))
    with pytest.raises(PoolError, match="does not start"):
        await pool.score([response("fine")])
    assert pool.pids == []


async def test_a_closed_pool_starts_nothing() -> None:
    pool = ScoringPool(Configuration())
    await pool.close()
    with pytest.raises(PoolError, match="closed"):
        await pool.score([response("fine")])
    assert pool.pids == []


async def test_texts_of_every_kind_pass(pool: ScoringPool) -> None:
    """Lone surrogates, zeros, long texts, none at all."""
    odd = [
        Unscored({}, None, None),
        Unscored({}, '"\\ud800"', '"\\ud800 \\u0000"'),
        Unscored({}, "[" * 100_000, "{"),
        response("word " * 100_000),
    ]
    results = await pool.score(odd)
    assert [result.get("skipped") for result in results] == [None] * 4
    assert results[3]["skips"]["Text Length"] == "content_cut"


async def test_a_process_that_scores_imports_nothing_large() -> None:
    """It is to be small and soon ready."""
    check = (
        "import sys, callbacks.quality.pool_worker; from callbacks.quality.scoring import Scoring; Scoring();"
        "sys.exit(bool({'litellm', 'sklearn', 'scipy'} & {*sys.modules}))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", check)
    assert await process.wait() == 0
