"""The canonical form of entries: what outsiders compute, and what comes back from the database."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.audit.entry import HASHED, canonical, decimal_text, hash_of, plain
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.reading import Selection, entries

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def as_an_outsider(value: Any) -> bytes:
    """The canonical form by Python's own JSON, as docs/audit.md describes it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(ANYTHING)
def test_the_canonical_form_is_what_any_json_library_writes(value: Any) -> None:
    """Sorted, without white space, and the same after it was read again."""
    form = canonical(plain(value))
    assert form == as_an_outsider(plain(value))
    assert canonical(json.loads(form)) == form


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_the_order_of_members_is_of_no_importance(value: dict[str, Any]) -> None:
    assert canonical(plain(value)) == canonical(plain(dict(reversed(value.items()))))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_text_is_the_number(number: float) -> None:
    """Without an exponent, and exactly."""
    text = decimal_text(number)
    assert float(text) == number
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.0, "0"), (1.0, "1.0"), (1e-7, "0.0000001"), (1e22, "10000000000000000000000"), (-2.5, "-2.5")],
)
def test_decimal_texts(number: float, text: str) -> None:
    assert decimal_text(number) == text


@given(ANYTHING)
@example(r"\u0000 written out")
def test_nothing_that_postgresql_cannot_hold_is_left(value: Any) -> None:
    """No NUL, no half of a surrogate pair, no number that a reader of JSON would round."""
    form = canonical(plain({"value": value}))

    def parts(found: Any) -> list[Any]:
        if isinstance(found, dict):
            return [part for name, member in found.items() for part in (name, *parts(member))]
        if isinstance(found, list):
            return [part for member in found for part in parts(member)]
        return [found]

    all_of_it = parts(json.loads(form.decode("utf-8")))
    texts = [part for part in all_of_it if isinstance(part, str)]
    assert not any("\0" in text for text in texts)
    assert "".join(texts).encode("utf-8")
    numbers = [part for part in all_of_it if isinstance(part, int | float)]
    assert all(isinstance(number, int) and abs(number) < 2**53 for number in numbers)


def test_what_is_nested_too_deeply_is_cut() -> None:
    """And does not fail."""
    value: Any = "inner"
    for _ in range(100):
        value = [value]
    assert b"nested too deeply" in canonical(plain(value))


async def test_entries_come_back_as_they_were_hashed(
    engine: AsyncEngine, audit: AuditLog, drafts: Callable[..., Any]
) -> None:
    """Whatever characters and numbers are in them, PostgreSQL returns what hashes to the same."""
    costs = [0.0, -0.0, 1e-12, 1e22, 0.1 + 0.2, 5e-324, math.inf, math.nan, 12.0]
    odd = {"\ue000": 1, "\U0001f600": 2, "a\x7f\x1f\u2028\0": "\ud800", "big": 2**60, "n": [1.5, -0.0, 1e300, math.inf]}
    made = [draft for cost in costs for draft in drafts(1, "té\0st", cost=cost, details=odd, route='/"\\\n\t')]
    await audit.record(made)
    async with engine.connect() as connection:
        found = [entry async for part in entries(connection, Selection()) for entry in part]
    assert [hash_of(canonical({name: entry[name] for name in HASHED})) for entry in found] == [
        entry["hash"] for entry in found
    ]
    outside = [hashlib.sha256(as_an_outsider({name: entry[name] for name in HASHED})).hexdigest() for entry in found]
    assert outside == [entry["hash"] for entry in found]
    finite = [cost for cost in costs if math.isfinite(cost)]
    assert [Decimal(entry["cost"]) for entry in found if entry["cost"]] == [
        Decimal(decimal_text(one)) for one in finite
    ]
