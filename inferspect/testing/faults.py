"""How a double misbehaves on command: which requests fail, how, how often and for how long."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

from inferspect.testing.upstream.exchange import AT_ONCE, Pace

_NUMBER = r"(\d{1,9}(?:\.\d{1,6})?)"
KNOWN = (
    "error-500, error-429-retry-after-2, limit-1000, partial, latency-200ms, hang, drop, drop-answer, "
    "redirect-http://example.com/"
)


class UnknownFaultError(ValueError):
    """The text commands nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with the answer to one request.

    Attributes:
        status: answered instead of what was asked for; nothing that came is kept.
        retry_after: seconds, in the header of that name; Langfuse sends fractions.
        above: only requests with more bytes of body than these fail; with status 413.
        partial: every other item of a batch is refused.
        latency: seconds before the answer; what came is kept at once.
        hang: no answer comes, ever, and nothing is kept.
        drop: the connection ends without an answer, before what came is kept or after.
        location: where a redirect leads.
    """

    status: int | None = None
    retry_after: float | None = None
    above: int | None = None
    partial: bool = False
    latency: float = 0.0
    hang: bool = False
    drop: Literal["before", "after"] | None = None
    location: str | None = None

    @property
    def pace(self) -> Pace:
        if not (self.latency or self.hang or self.drop):
            return AT_ONCE
        return Pace(latency=self.latency, hang=self.hang, drop=self.drop is not None)


NO_FAULT = Fault()


def _latency(number: str, unit: str) -> dict[str, Any]:
    return {"latency": float(number) / 1000 if unit == "ms" else float(number)}


_COMMANDS = tuple(
    (re.compile(pattern, re.ASCII), meaning)
    for pattern, meaning in (
        (r"error-([45]\d\d)", lambda status: {"status": int(status)}),
        (
            rf"error-([45]\d\d)-retry-after-{_NUMBER}",
            lambda status, seconds: {"status": int(status), "retry_after": float(seconds)},
        ),
        (r"limit-(\d{1,12})", lambda size: {"status": 413, "above": int(size)}),
        (r"partial", lambda: {"partial": True}),
        (rf"latency-{_NUMBER}(ms|s)", _latency),
        (r"hang", lambda: {"hang": True}),
        (r"drop", lambda: {"drop": "before"}),
        (r"drop-answer", lambda: {"drop": "after"}),
        (r"redirect-(https?://\S+)", lambda url: {"status": 302, "location": url}),
    )
)


def parse_fault(command: str) -> Fault:
    """The fault that a command stands for.

    Raises:
        UnknownFaultError: none.
    """
    for pattern, meaning in _COMMANDS:
        found = pattern.fullmatch(command)
        if found:
            return Fault(**meaning(*found.groups()))
    raise UnknownFaultError(f"there is no fault {command!r}; there are {KNOWN}")


@dataclass(slots=True)
class _Plan:
    fault: Fault
    path: str
    left: int | None
    until: float | None


class Faults:
    """The faults that are planned, in the order in which they were; may be added to from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: list[_Plan] = []

    def plan(self, command: str, *, requests: int | None = None, seconds: float | None = None, path: str = "") -> None:
        """Have requests fail, until :meth:`clear` where neither a number of them nor a time is given.

        Args:
            command: as in :func:`parse_fault`.
            requests: how many requests fail.
            seconds: for how long, from now.
            path: only requests whose path begins so.

        Raises:
            UnknownFaultError: the command is none.
        """
        until = None if seconds is None else time.monotonic() + seconds
        plan = _Plan(parse_fault(command), path, requests, until)
        with self._lock:
            self._plans.append(plan)

    def clear(self) -> None:
        with self._lock:
            self._plans.clear()

    def take(self, path: str, size: int) -> Fault:
        """The fault of a request with a body of ``size`` bytes; counts it."""
        now = time.monotonic()
        with self._lock:
            self._plans = [plan for plan in self._plans if plan.left != 0 and (plan.until is None or now < plan.until)]
            for plan in self._plans:
                fits = plan.fault.above is None or size > plan.fault.above
                if fits and path.startswith(plan.path):
                    if plan.left is not None:
                        plan.left -= 1
                    return plan.fault
        return NO_FAULT
