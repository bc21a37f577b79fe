"""docs/events.md says what the code does."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import get_args

import orjson

from inferspect.events.event import GatewayEvent, Result
from inferspect.store.tables import Event
from tests.docs.markdown import ROOT, table_rows

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs" / "examples" / "tell_refusals.py"


def test_the_tutorial_shows_the_example_as_it_is() -> None:
    """It is run by the tests of `inferspect worker`."""
    assert f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```" in PAGE


def test_every_column_is_described() -> None:
    described = {name for row in table_rows(PAGE) for name in re.findall(r"`(\w+)`", row[0])}
    assert {column.name for column in Event.__table__.columns} - described == set()


def test_every_result_is_described() -> None:
    described = {row[0].strip("`") for row in table_rows(PAGE)}
    assert set(get_args(Result)) - described == set()


def test_the_example_is_an_event() -> None:
    """With every field, and of the types that are read back."""
    shown = next(text for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "occurred_at" in text)
    values = json.loads(shown)
    assert set(values) == {field.name for field in fields(GatewayEvent)}
    assert orjson.loads(GatewayEvent.from_json(shown.encode()).to_json()) == values
