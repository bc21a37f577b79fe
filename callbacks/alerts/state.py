r"""What becomes of an alert when its rule is looked at again: a function of what was, what is seen, and the time.

::

    (none) --bad--> pending --bad for as long as the rule holds back--> firing --good for keep_firing_for--> resolved
                       \--good--> (none)

Here stands who is told of what. That it is told once is so because the new state is stored together with the messages.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

State = Literal["pending", "firing", "resolved"]
Kind = Literal["firing", "repeated", "resolved"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things must last.

    Attributes:
        hold: how long the figure must be bad before the alert fires.
        keep_firing_for: how long it must be good before the alert ends.
        repeat_every: how often who knows of it is told again.
        patience: longest time between two looks for which the figure is taken to have stayed bad.
    """

    hold: timedelta = timedelta(0)
    keep_firing_for: timedelta = timedelta(0)
    repeat_every: timedelta | None = None
    patience: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there at one look.

    Attributes:
        now: the database's time.
        bad: whether there is a figure, and it is beyond its limit.
        silenced: whether nobody is to be told.
        channels: who is to be told.
    """

    now: datetime
    bad: bool
    silenced: bool = False
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an alert is in its course; attributes as in :class:`inferspect.store.alerts.tables.AlertRow`."""

    id: str
    state: State
    pending_since: datetime
    bad_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    resolved_at: datetime | None = None
    told: tuple[str, ...] = ()
    told_at: datetime | None = None
    repeats: int = 0
    owes_end: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told what now."""

    kind: Kind
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What an alert has become; ``None`` where there is none."""

    progress: Progress | None
    tellings: tuple[Telling, ...] = field(default=())


def step(before: Progress | None, seen: Seen, timing: Timing) -> Step:
    """The alert after one look."""
    if before is None:
        return _go_on(_begun(seen), seen, timing) if seen.bad else Step(None)
    if before.state == "resolved":
        return _tell_end(replace(before, updated_at=seen.now), seen) if before.owes_end else Step(before)
    return _go_on(_not_in_the_future(before, seen.now), seen, timing)


def _begun(seen: Seen) -> Progress:
    return Progress(str(uuid.uuid4()), "pending", pending_since=seen.now, bad_at=seen.now, updated_at=seen.now)


def _not_in_the_future(progress: Progress, now: datetime) -> Progress:
    """Where the clock was put back, what had begun begins now, so that nothing waits until it has caught up."""
    if progress.updated_at <= now:
        return progress
    return replace(
        progress,
        pending_since=min(progress.pending_since, now),
        bad_at=min(progress.bad_at, now),
        started_at=progress.started_at and min(progress.started_at, now),
        told_at=progress.told_at and min(progress.told_at, now),
    )


def _go_on(progress: Progress, seen: Seen, timing: Timing) -> Step:
    now = seen.now
    if seen.bad:
        if progress.state == "pending" and now - progress.bad_at > timing.patience:
            progress = replace(progress, pending_since=now)  # nobody looked meanwhile
        progress = replace(progress, bad_at=now)
    progress = replace(progress, updated_at=now)
    if progress.state == "pending":
        if not seen.bad:
            return Step(None)
        if now - progress.pending_since < timing.hold:
            return Step(progress)
        progress = replace(progress, state="firing", started_at=now)
    elif not seen.bad and now - progress.bad_at >= timing.keep_firing_for:
        return _tell_end(replace(progress, state="resolved", resolved_at=now, owes_end=bool(progress.told)), seen)
    return _tell_of_fire(progress, seen, timing)


def _tell_of_fire(progress: Progress, seen: Seen, timing: Timing) -> Step:
    """Tell those who do not know yet: at first all, after a silence all, later those that the rule has newly named."""
    if seen.silenced:
        return Step(progress)
    if (
        timing.repeat_every is not None
        and progress.told_at is not None
        and seen.now - progress.told_at >= timing.repeat_every
        and seen.channels
    ):
        told = tuple(dict.fromkeys((*progress.told, *seen.channels)))
        again = replace(progress, told=told, told_at=seen.now, repeats=progress.repeats + 1)
        return Step(again, (Telling("repeated", seen.channels),))
    ignorant = tuple(channel for channel in dict.fromkeys(seen.channels) if channel not in progress.told)
    if not ignorant:
        return Step(progress)
    first = replace(progress, told=(*progress.told, *ignorant), told_at=progress.told_at or seen.now)
    return Step(first, (Telling("firing", ignorant),))


def _tell_end(progress: Progress, seen: Seen) -> Step:
    """Tell all who were told of its beginning; where it is silenced, once the silence is over."""
    if not progress.owes_end or seen.silenced:
        return Step(progress)
    return Step(replace(progress, owes_end=False), (Telling("resolved", progress.told),))
