"""Responses with scores as they lie in the store."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.json_rows import upsert
from inferspect.store.partitions import day_of, make_partitions
from inferspect.store.scores.scores import ScoreRow, write_scores
from inferspect.store.tables import Event, EventContent

TABLES = ("events", "event_contents", "scores")
EVENT = {
    "revision": 1, "complete": True, "client_address": "192.0.2.1", "method": "POST", "route": "/v1/chat/completions",
    "stream": False, "result": "success", "status": 200, "verdicts": [], "usage": {}, "cost_details": {},
    "parameters": {}, "attempts": [], "tags": [], "version": 1,
}  # fmt: skip


def responses(
    count: int, start: datetime, length: timedelta, tenant: str = "acme", seed: int = 1, **changed: Any
) -> list[dict[str, Any]]:
    """Responses spread evenly over a time. ``changed``: factors of scores, and texts of all of them."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        scores = {
            "Relevance": dice.betavariate(5, 2) * changed.get("relevance", 1.0),
            "Sentiment": dice.gauss(0.2, 0.3),
            "Response Time": dice.lognormvariate(0, 0.7),
            "Language": 0.9 + dice.random() / 10,
        }
        question = changed.get(
            "question", f"Where is my {dice.choice(('parcel', 'invoice', 'router'))} number {number}?"
        )
        answer = changed.get("answer", f"It is on its way, {dice.choice(('today', 'tomorrow', 'soon'))}.")
        made.append(
            {
                "id": str(uuid.UUID(int=dice.getrandbits(128))),
                "occurred_at": start + length * (number + 0.5) / count,
                "tenant_id": tenant,
                "scores": scores,
                "labels": {"Language": "en"},
                "question": question,
                "answer": answer,
                "prompt_tokens": int(dice.lognormvariate(5, 0.5)),
                "completion_tokens": int(dice.lognormvariate(4, 0.5)),
                "cost": dice.lognormvariate(-8, 0.5),
            }
        )
    return made


async def plant(engine: AsyncEngine, rows: Sequence[dict[str, Any]], *, contents: bool = True) -> None:
    """Store them."""
    async with engine.begin() as connection:
        await make_partitions(connection, TABLES, sorted({day_of(row["occurred_at"]) for row in rows}))
    async with engine.begin() as connection:
        await write_scores(
            connection,
            [
                ScoreRow(row["id"], row["occurred_at"], 1, row["tenant_id"], "demo", None, row["scores"], row["labels"])
                for row in rows
            ],
        )
        await _insert(connection, Event.__table__, map(_event, rows))
        if contents:
            await _insert(connection, EventContent.__table__, map(_content, rows))


async def _insert(connection: Any, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    statement = upsert(f"inferspect.{table.name}", [column.name for column in table.columns])
    await connection.execute(text(statement), {"rows": orjson.dumps(list(rows)).decode()})


def _event(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "occurred_at", "tenant_id", "prompt_tokens", "completion_tokens", "cost")
    content_hash = row.get("content_hash", row["question"])
    return {**EVENT, **{name: row[name] for name in names}, "model": "demo", "content_hash": content_hash}


def _content(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "occurred_at": row["occurred_at"],
        "revision": 1,
        "tenant_id": row["tenant_id"],
        "input": json.dumps([{"role": "user", "content": row["question"]}]),
        "output": json.dumps([{"message": {"role": "assistant", "content": row["answer"]}}]),
    }
