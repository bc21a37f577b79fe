"""A management request and its answer, as the audit log tells of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from inferspect.http.management.actor import Actor
from inferspect.http.management.targets import Target

FIRST_ERROR = 400
REFUSED = {401, 403}

Rows = dict[tuple[str, str], Target]
"""Rows of LiteLLM's tables by kind and id."""


@dataclass(slots=True)
class Action:
    """A management request, and what is known of it before it is done.

    Attributes:
        content: the body, where it is JSON of moderate length; ``query``: the parameters of the address.
        known: that it is one. A prompt that was sent to a mistyped address is not, and must not be kept: what was asked
            is told only once it was done.
        tenants: those whose chains it is in; none where it is the platform's.
    """

    request_id: str
    method: str
    path: str
    address: str
    key: str | None
    content: Any = None
    query: str = ""
    known: bool = True
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    actor: Actor = field(default_factory=Actor)
    tenants: set[str] = field(default_factory=set)
    before: Rows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: no status where there was no answer; ``content`` is the answer, where it is JSON."""

    status: int | None
    reason: str | None = None
    content: Any = None

    @property
    def decision(self) -> str:
        if self.status is None:
            return "unknown"
        if self.status in REFUSED:
            return "refused"
        return "failure" if self.status >= FIRST_ERROR else "success"
