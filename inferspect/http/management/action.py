"""A management request and its answer, as the audit log tells of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from inferspect.http.management.actor import Actor
from inferspect.http.management.secrets import parameters
from inferspect.http.management.targets import Target

FIRST_ERROR = 400
REFUSED = {401, 403}
FORM = "application/x-www-form-urlencoded"
UNREADABLE = object()

Rows = dict[tuple[str, str], Target]
"""Rows of LiteLLM's tables by kind and id."""


@dataclass
class Action:
    """A management request, and what is known of it before it is done.

    Attributes:
        body: as far as it is not too long; ``query``: the parameters of the address.
        known: that it is one. A prompt that was sent to a mistyped address is not, and must not be kept: what was asked
            is told only once it was done.
        tenants: those whose chains it is in; none where it is the platform's.
    """

    request_id: str
    method: str
    path: str
    address: str
    key: str | None
    body: bytes = b""
    content_type: str = ""
    query: str = ""
    known: bool = True
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    actor: Actor = field(default_factory=Actor)
    tenants: set[str] = field(default_factory=set)
    before: Rows = field(default_factory=dict)

    @cached_property
    def content(self) -> Any:
        """What the body says, read as generously as LiteLLM reads: JSON, or a form; :data:`UNREADABLE` elsewhere."""
        if not self.body.strip():
            return None
        try:
            # By its exact type: any other that LiteLLM takes at all it takes for JSON.
            if self.content_type.partition(";")[0].strip().lower() == FORM:
                return parameters(self.body.decode("utf-8", "replace"))
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return UNREADABLE


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
