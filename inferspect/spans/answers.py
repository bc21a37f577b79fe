"""What a receiver of spans or scores says, and what that means for their delivery."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from inferspect.events.delivery import DONE, Done, Retry

LONGEST_WAIT = 3600.0  # seconds that a receiver may ask for
LONGEST_REASON = 200
UNAUTHORIZED = frozenset({401, 403})
MALFORMED = frozenset({400, 422})
TOO_LARGE = 413
THROTTLED = 429
REDIRECTS = range(300, 400)
SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """The batch was refused because of something in it: alone, the rest would be taken."""

    reason: str
    too_large: bool = False


def judge(response: httpx.Response) -> Done | Retry | Refused:
    """By the status alone; that of a success may have something to add."""
    status = response.status_code
    if response.is_success:
        return DONE
    if status == TOO_LARGE:
        return Refused("it is too large for the receiver (413)", too_large=True)
    if status in MALFORMED:
        return Refused(f"the receiver refuses it ({status}): {excerpt(response)}")
    if status == THROTTLED or status >= SERVER_ERRORS:
        return Retry(f"the receiver answers {status}", wait_of(response))
    return Retry(_to_be_mended(status))


def _to_be_mended(status: int) -> str:
    """By a person; what waits is delivered then."""
    if status in UNAUTHORIZED:
        return f"the receiver refuses the key ({status})"
    if status in REDIRECTS:
        return f"the receiver redirects ({status}), which is not followed: correct the address"
    return f"the receiver answers {status}: correct the address"


def outcome_of(response: httpx.Response | None, found: Done | Retry | Refused) -> str:
    """One word for metrics."""
    if response is None:
        return "unreachable"
    if isinstance(found, Refused):
        return "refused"
    if response.status_code in UNAUTHORIZED:
        return "unauthorized"
    if response.status_code == THROTTLED:
        return "throttled"
    return "delivered" if isinstance(found, Done) else "failed"


def wait_of(response: httpx.Response) -> float | None:
    """Seconds of ``Retry-After``, which is a number or a date; ``None`` where it says neither."""
    header = response.headers.get("retry-after", "")
    try:
        seconds = float(header)
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        seconds = (until - datetime.now(UTC)).total_seconds()
    return min(LONGEST_WAIT, max(0.0, seconds)) if math.isfinite(seconds) else None


def excerpt(response: httpx.Response) -> str:
    """The beginning of what it says, on one line, whatever encoding it claims to be in."""
    text = response.content[: 4 * LONGEST_REASON].decode("utf-8", "replace")
    return " ".join(text[:LONGEST_REASON].split()) or "without a reason"
