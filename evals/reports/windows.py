"""Windows: times from ``start`` to before ``end`` that follow each other without gap or overlap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from inferspect.observation.reports import ANCHOR


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A time; the end is no part of it."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{_told(self.start)} to {_told(self.end)}"

    def before(self, length: timedelta) -> Window:
        """The time of that length that ends where this one begins."""
        return Window(self.start - length, self.start)


def aligned(moment: datetime, every: timedelta) -> datetime:
    """The beginning of the window of that length that the moment is in."""
    return ANCHOR + (moment - ANCHOR) // every * every


def following(start: datetime, every: timedelta) -> Window:
    """The window from ``start`` to the next aligned time: shorter than the others where the length was changed."""
    return Window(start.astimezone(UTC), aligned(start, every) + every)


def _told(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
