"""An entry of the audit log, and its canonical form, which an outsider can compute without our code.

The form is JSON: members sorted by the Unicode code points of their names, no white space, UTF-8, only quotation marks,
backslashes and control characters escaped, and no number with a fraction. It is what RFC 8785 (JSON Canonicalization
Scheme) makes of such values, except that RFC 8785 sorts by UTF-16 code units. See docs/audit.md.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import orjson

Kind = Literal["request", "amendment", "management", "anchor", "pruning"]

VERSION = 1
PLATFORM = "platform"
ANCHORS = "anchors"
TENANT = "tenant/"
GENESIS = "0" * 64
"""The previous hash of a chain's first entry."""

LARGEST_INTEGER = 2**53 - 1  # the largest that every reader of JSON takes as it is (RFC 8259, section 6)
DEEPEST = 40
TOO_DEEP = "[nested too deeply]"

# In the order of an export's columns.
HASHED = (
    "version", "chain", "sequence", "kind", "event_id", "revision", "occurred_at", "recorded_at", "tenant_id",
    "tenant_alias", "key_hash", "key_alias", "user_id", "role", "address", "method", "route", "model", "model_served",
    "decision", "reason", "status", "cost", "content_hash", "details", "previous_hash",
)  # fmt: skip
FIELDS = (*HASHED, "hash", "seal")


def chain_of(tenant_id: str | None) -> str:
    """Name of a tenant's chain; that of the platform where there is no tenant."""
    return PLATFORM if tenant_id is None else TENANT + storable(tenant_id)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to become an entry: everything but its place in the chain.

    Attributes:
        event_id: a UUID; of the request, also where it is a management action.
        revision: of the event; 0 is the intent of a management action, 1 its outcome.
        key_hash: SHA-256 of the key that acted, as LiteLLM keeps it.
        decision: the event's result, or what became of a management action.
        reason: stable code of a refusal or failure.
        cost: US dollars.
        content_hash: SHA-256 in hexadecimal digits.
        details: JSON, without secrets.
    """

    kind: Kind
    event_id: str
    revision: int
    occurred_at: datetime
    chain: str = PLATFORM
    tenant_id: str | None = None
    tenant_alias: str | None = None
    key_hash: str | None = None
    key_alias: str | None = None
    user_id: str | None = None
    role: str | None = None
    address: str | None = None
    method: str | None = None
    route: str | None = None
    model: str | None = None
    model_served: str | None = None
    decision: str | None = None
    reason: str | None = None
    status: int | None = None
    cost: float | None = None
    content_hash: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


TEXTS = (
    "tenant_id", "tenant_alias", "key_hash", "key_alias", "user_id", "role", "address", "method", "route", "model",
    "model_served", "decision", "reason", "content_hash",
)  # fmt: skip


def record_of(draft: Draft, sequence: int, recorded_at: datetime, previous_hash: str) -> dict[str, Any]:
    """The values that are hashed, by field."""
    record: dict[str, Any] = {
        "version": VERSION,
        "chain": draft.chain,
        "sequence": sequence,
        "kind": draft.kind,
        "event_id": draft.event_id,
        "revision": draft.revision,
        "occurred_at": time_text(draft.occurred_at),
        "recorded_at": time_text(recorded_at),
        "status": draft.status,
        "cost": cost_text(draft.cost),
        "details": plain(draft.details),
        "previous_hash": previous_hash,
    }
    for name in TEXTS:
        value = getattr(draft, name)
        record[name] = None if value is None else storable(value)
    return record


def canonical(value: Any) -> bytes:
    """The canonical form of what :func:`plain` made, or of an entry that was read."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def hash_of(record: bytes) -> str:
    """SHA-256 of a canonical form, in hexadecimal digits."""
    return hashlib.sha256(record).hexdigest()


def time_text(moment: datetime) -> str:
    """``2026-03-01T12:00:00.000000Z``: UTC, always six digits of a second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def decimal_text(number: float) -> str:
    """The shortest decimal fraction that reads back as the number, without an exponent."""
    return format(Decimal(repr(number)), "f") if number else "0"


def cost_text(cost: float | None) -> str | None:
    """As :func:`decimal_text`; ``None`` for what is no amount."""
    return None if cost is None or not math.isfinite(cost) else decimal_text(cost)


def storable(text: str) -> str:
    """Without what neither PostgreSQL nor UTF-8 can hold."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def plain(value: Any, deepest: int = DEEPEST) -> Any:  # noqa: PLR0911  a line for each kind of value
    """JSON that PostgreSQL's ``jsonb`` gives back as it was: a number that is no small whole one becomes its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return decimal_text(value) if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return time_text(value)
    if deepest and isinstance(value, Mapping):
        return {storable(str(key)): plain(member, deepest - 1) for key, member in value.items()}
    if deepest and isinstance(value, list | tuple):
        return [plain(member, deepest - 1) for member in value]
    return TOO_DEEP if isinstance(value, Mapping | list | tuple) else storable(str(value))
