"""Scoring of responses: how many a second a core takes; `python -m tests.benchmarks quality`.

Answers of four kinds and lengths, in processor time of one thread; then the same through a process of the pool, as the
consumer does it, and how much memory that process has.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

import psutil

from callbacks.quality.pool import ScoringPool, Unscored
from callbacks.quality.pool_worker import Configuration
from callbacks.quality.processor_time import ProcessorTime
from callbacks.quality.scorers import OWN
from callbacks.quality.scoring import Scoring
from tests.benchmarks.tables import table

ROUNDS = 5
CALLS = 20
POOLED = 200
SEED = (
    "The committee met on Monday and approved the budget for the new library, which will open in spring. "
    "Visitors may borrow up to twelve books for four weeks; a card costs 15 euros a year and is free for children. "
)
VIETNAMESE = "Thư viện mới sẽ mở cửa vào mùa xuân và bạn đọc được mượn tối đa mười hai cuốn sách trong bốn tuần. "
FIGURES = {"completion_tokens": 100, "reasoning_tokens": 10, "seconds": 1.2, "pii_found": 0}
Kept = tuple[dict[str, Any], str, str]


def report() -> str:
    """Measure and describe in Markdown."""
    scoring = Scoring(limited=ProcessorTime(0.5).limit)
    return "\n\n".join([by_scorer(scoring), worst(scoring), asyncio.run(pooled())])


def kinds() -> dict[str, Kept]:
    return {
        "short, English": kept(SEED[:60]),
        "400 characters, English": kept((SEED * 2)[:400]),
        "400 characters, English, with 4,000 of context": kept((SEED * 2)[:400], context=(SEED * 20)[:4000]),
        "400 characters, Vietnamese": kept((VIETNAMESE * 5)[:400]),
        "4,000 characters, English": kept((SEED * 20)[:4000]),
    }


def kept(answer: str, context: str = "") -> Kept:
    question = "When does the new library open, and how many books may visitors borrow?"
    asked = f"Context: {context}\nQuestion: {question}" if context else question
    return (
        FIGURES,
        json.dumps([{"role": "user", "content": asked}]),
        json.dumps([{"message": {"role": "assistant", "content": answer}}]),
    )


def by_scorer(scoring: Scoring) -> str:
    found = {kind: columns(scoring, kept) for kind, kept in kinds().items()}
    names = ["reading and language", *(scorer.name for scorer in OWN), "**all**"]
    lines = [f"| {name} | {' | '.join(f'{values[name]:.3f}' for values in found.values())} |" for name in names]
    rates = " | ".join(f"**{1000 / values['**all**']:,.0f}**" for values in found.values())
    lines.append(f"| responses a second | {rates} |")
    return table(" | ".join(["milliseconds of processor time of a response", *found]), lines)


def columns(scoring: Scoring, kept: Kept) -> dict[str, float]:
    response = scoring.read(*kept)
    values = {"reading and language": timed(lambda: scoring.read(*kept))}
    for made in (scorer() for scorer in OWN):
        values[made.name] = timed(lambda made=made: made.applies(response) or made.score(response))  # type: ignore[misc]
    return {**values, "**all**": timed(lambda: scoring.score(scoring.read(*kept)))}


def timed(call: Any) -> float:
    """Milliseconds of processor time, the median of the rounds."""
    call()
    rounds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(CALLS):
            call()
        rounds.append((time.thread_time() - began) * 1000 / CALLS)
    return statistics.median(rounds)


def worst(scoring: Scoring) -> str:
    """Texts made to take long: twice the length should take about twice the time."""
    texts = {
        "opened elements": "<context>",
        "headings": "Context: a\n",
        "apologies": "sorry ",
        "quotation marks": '"',
        "commas and dots": ".,",
        "one word": "a",
        "fences": "``` ",
        "brackets": "[(",
    }
    lines = []
    for name, seed in texts.items():
        times = [_once(scoring, (seed * (size // len(seed) + 1))[:size]) for size in (10_000, 20_000)]
        lines.append(f"| {name} | {times[0]:.1f} | {times[1]:.1f} |")
    return table("milliseconds for question and answer of such texts | 10,000 characters | 20,000 characters", lines)


def _once(scoring: Scoring, text: str) -> float:
    messages, answer = json.dumps([{"role": "user", "content": text}]), json.dumps(text)
    times = []
    for _ in range(3):
        began = time.thread_time()
        scoring.score(scoring.read(FIGURES, messages, answer))
        times.append((time.thread_time() - began) * 1000)
    return min(times)


async def pooled() -> str:
    """One process of the pool, as the consumer uses it."""
    pool = ScoringPool(Configuration())
    began = time.perf_counter()
    await pool.start()
    ready = time.perf_counter() - began
    responses = [Unscored(*kept) for kept in kinds().values()] * (POOLED // len(kinds()))
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await pool.score(responses)
        rates.append(len(responses) / (time.perf_counter() - began))
    memory = psutil.Process(pool.pids[0]).memory_info().rss / 1024**2
    await pool.close()
    return table(
        "one process of the pool, all kinds mixed | value",
        [
            f"| responses a second | **{statistics.median(rates):,.0f}** |",
            f"| ready after, seconds | {ready:.1f} |",
            f"| memory, MB | {memory:.0f} |",
        ],
    )
