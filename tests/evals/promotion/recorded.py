"""Requests in the store, and a suite that they are promoted into."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events.event import GatewayEvent
from inferspect.store.events.writer import EventWriter, ShippedEvent
from inferspect.store.partitions import day_of, make_partitions
from inferspect.store.scores.scores import ScoreRow, write_scores
from tests.spans.events import event

SUITE = "shop"
PROMPT = """\
---
name: shop
version: 1
model: demo
parameters: {}
owner: support
changelog: The first version.
---

# system

You answer customers of a shop.

# user

{{ question }}
"""


@dataclass
class Recorded:
    """A request as a test plants it."""

    question: Any = "How long can I return a jacket?"
    answer: str | None = "We do not sell umbrellas at the moment."
    scores: dict[str, float] = field(default_factory=dict)
    hours_ago: float = 1.0
    kept: bool = True
    told: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def event(self) -> GatewayEvent:
        moment = datetime.now(UTC) - timedelta(hours=self.hours_ago)
        return event(**{"id": self.id, "occurred_at": moment, **self.told})

    @property
    def content(self) -> bytes | None:
        if not self.kept:
            return None
        asked = self.question
        if isinstance(asked, str):
            asked = [{"role": "system", "content": "You help."}, {"role": "user", "content": asked}]
        choices = None
        if self.answer is not None:
            choices = [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self.answer}}]
        return orjson.dumps({"input": asked, "output": choices})


async def record(engine: AsyncEngine, *requests: Recorded) -> list[str]:
    """Store requests with their contents and scores; returns their ids."""
    events = {one.id: one.event for one in requests}
    await EventWriter(engine).write([ShippedEvent(events[one.id], one.content) for one in requests])
    rows = [
        ScoreRow(
            one.id, events[one.id].occurred_at, 1, events[one.id].tenant_id, events[one.id].model, scores=one.scores
        )
        for one in requests
        if one.scores
    ]
    async with engine.begin() as connection:
        await make_partitions(connection, ["scores"], sorted({day_of(row.occurred_at) for row in rows}))
        await write_scores(connection, rows)
    return [one.id for one in requests]


def make_suite(
    folder: Path, cases: Sequence[dict[str, Any]] = (), *, prompt: str = PROMPT, name: str = SUITE, **more: Any
) -> Path:
    """A suite with one prompt, as those of the repository are; returns its folder."""
    place = folder / "suites" / name
    (place / "cases").mkdir(parents=True)
    configuration = {
        "prompts": [{"id": "file://../../shared/prompt.mjs", "label": "shop", "config": {"name": "shop"}}],
        "providers": [{"id": "file://../../providers/gateway.mjs"}],
        "tests": "file://cases/*.yaml",
        **more,
    }
    (place / "suite.yaml").write_text(json.dumps(configuration))
    prompts = folder / "prompts" / "shop"
    prompts.mkdir(parents=True, exist_ok=True)
    (prompts / "v1.md").write_text(prompt)
    if cases:
        (place / "cases" / "by-hand.yaml").write_text(json.dumps(list(cases)))
    return place
