"""Pages of alerts."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.alerts.api.alerts import cursor_of, place_of
from inferspect.refusal import Refusal
from inferspect.store.alerts import alerts
from tests.callbacks.alerts.conftest import Plant
from tests.callbacks.alerts.test_evaluation import ERRORS, FAILED, evaluator, settings_with


async def test_pages_have_every_alert_once(engine: AsyncEngine, plant: Plant) -> None:
    """All of one rule began at the same moment, and are looked at again between two pages."""
    for number in range(7):
        await plant(1, tenant_id=f"t{number}", **FAILED)
    configured = settings_with(ERRORS, channels=())
    await evaluator(engine, configured).round()
    seen: list[str] = []
    cursor = None
    while True:
        async with engine.connect() as connection:
            page = await alerts.alerts(connection, after=place_of(cursor), limit=3)
        seen += [str(row["tenant_id"]) for row in page]
        if len(page) < 3:
            break
        cursor = cursor_of(page[-1])
        await evaluator(engine, configured).round()
    assert sorted(seen) == [f"t{number}" for number in range(7)]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b"nonsense", b'["2026-01-01", 1]', b'[1, "6a1f0c1e-0000-4000-8000-000000000000"]',
        b'["soon", "6a1f0c1e-0000-4000-8000-000000000000"]', b'["2026-01-01T00:00:00+00:00", "no-id"]',
        b'["0001-01-01T00:00:00+14:00", "6a1f0c1e-0000-4000-8000-000000000000"]', b"[" * 100_000, b"\xff",
    ],
)  # fmt: skip
def test_what_is_no_cursor_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        place_of(base64.urlsafe_b64encode(content).decode())
    assert (refused.value.status_code, refused.value.code) == (400, "cursor_invalid")


def test_a_cursor_is_a_time_and_an_id() -> None:
    """Whatever the zone that the time is written in."""
    began = "2026-01-01T02:00:00+02:00"
    alert_id = "6a1f0c1e-0000-4000-8000-000000000000"
    place = place_of(base64.urlsafe_b64encode(json.dumps([began, alert_id]).encode()).decode())
    assert place is not None
    assert (place[0].utcoffset(), place[0].hour, place[1]) == (timedelta(0), 0, alert_id)
