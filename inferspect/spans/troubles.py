"""Which receivers are in trouble, and how long each is left alone.

A batch has deliveries for several receivers and is done when all have answered, so one that hangs would hold up the
others, batch after batch. It is asked again by one request, after a pause that grows with every failure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from inferspect.events.delivery import Done, Retry

if TYPE_CHECKING:
    from inferspect.spans.answers import Refused
    from inferspect.spans.export import Receiver

log = structlog.get_logger("inferspect.spans")

FIRST_PAUSE = 1.0  # seconds; twice as long after each failure
LONGEST_PAUSE = 60.0
MOST_REMEMBERED = 1024

_Key = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass(slots=True)
class _Trouble:
    reason: str
    failures: int
    until: float


class Troubles:
    """Remembers receivers that do not take what they are sent; with another key it is another receiver.

    Args:
        clock: seconds, from any beginning.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[_Key, _Trouble] = {}

    def waiting(self, receiver: Receiver) -> Retry | None:
        """What becomes of deliveries to a receiver that is left alone now; ``None`` where it may be asked."""
        trouble = self._known.get(_key(receiver))
        if trouble is None or (remaining := trouble.until - self._clock()) <= 0:
            return None
        return Retry(trouble.reason, remaining)

    def note(self, receiver: Receiver, found: Done | Retry | Refused) -> None:
        """Leave it alone for a while, or no longer; logged when it comes into trouble, or out of it."""
        key = _key(receiver)
        trouble = self._known.pop(key, None)
        if not isinstance(found, Retry):
            if trouble is not None:
                log.info("traces arrive again", **_named(receiver))
            return
        if trouble is None or trouble.reason != found.reason:
            log.warning("traces wait: they do not arrive", why=found.reason, **_named(receiver))
        failures = 1 if trouble is None else trouble.failures + 1
        growing = FIRST_PAUSE * 2.0 ** min(failures - 1, 16)
        pause = min(LONGEST_PAUSE, max(found.after or 0.0, growing))
        self._known[key] = _Trouble(found.reason, failures, self._clock() + pause)
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]


def _key(receiver: Receiver) -> _Key:
    return receiver.name, receiver.url, frozenset(receiver.headers.items())


def _named(receiver: Receiver) -> dict[str, str | None]:
    return {"consumer": receiver.name, "to": receiver.url, "tenant_id": receiver.tenant_id}
