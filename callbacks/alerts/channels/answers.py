"""What a receiver's answer means: it arrived, it may later, it never will. Reasons hold no secret."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, unquote_plus

import httpx

from inferspect.events.delivery import DONE, Delivered, Rejected, Retry
from inferspect.outgoing.addresses import ForbiddenAddressError
from inferspect.outgoing.client import Answer, OutgoingClient

LONGEST_WAIT = 3600.0  # seconds; a receiver that asks for more is asked again after this
QUOTED = 160  # characters of an answer that are told
HIDDEN = "(hidden)"
SHORTEST_WITHIN_WORDS = 6
SHORTEST_SECRET = 3
HOST_END = re.compile(r"[/?#]")
SEPARATORS = re.compile(r"[/:@?&=#,;\s]+")
MAYBE_LATER = frozenset({408, 425, 429})


async def posted(
    client: OutgoingClient,
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    timeout: float,  # noqa: ASYNC109
    secrets: Iterable[str] = (),
) -> Delivered:
    """Post the body and tell what became of it.

    Args:
        timeout: seconds for all of it.
        secrets: not to be told where the receiver repeats them; the parts of the URL never are.
    """
    try:
        answer = await client.post(url, body, headers, timeout)
    except ForbiddenAddressError as error:
        return Rejected(str(error))
    except (TimeoutError, httpx.TimeoutException):
        return Retry(f"no answer within {timeout:g} s")
    except httpx.TransportError as error:
        return Retry(f"no answer: {without_secrets(str(error), [url, *secrets]) or type(error).__name__}")
    except ValueError as error:
        return Rejected(str(error))
    return told(answer, [url, *secrets])


def told(answer: Answer, secrets: Iterable[str]) -> Delivered:
    """What an answer means."""
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004  HTTP's successes
        return DONE
    if 300 <= status < 400:  # noqa: PLR2004  HTTP's redirects
        return Rejected(f"answered {status}; a redirect is not followed, name the address itself")
    words = without_secrets(answer.body.decode("utf-8", "replace"), secrets)
    reason = f"answered {status}{f': {words}' if words else ''}"
    if status >= 500 or status in MAYBE_LATER:  # noqa: PLR2004  HTTP's boundary of the server's failures
        return Retry(reason, retry_after(answer.headers.get("retry-after")))
    return Rejected(reason)


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` asks for, given as seconds or a date; at most an hour. ``None`` for none."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The beginning of the text in one line, each part of a secret hidden; the host of an HTTP address is none.

    Parts are hidden as they are, percent-encoded and decoded. Of the short ones, which may stand within other words,
    only those that stand alone.
    """
    parts = {form for secret in secrets for part in (secret, *_parts(secret)) for form in _forms(part)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST_WITHIN_WORDS:
            text = text.replace(part, HIDDEN)
        elif len(part) >= SHORTEST_SECRET:
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(part)}(?![A-Za-z0-9])", HIDDEN, text)
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= QUOTED else f"{line[:QUOTED]}…"


def _parts(secret: str) -> list[str]:
    scheme, _, rest = secret.partition("://")
    if scheme in {"http", "https"}:
        rest = "".join(HOST_END.split(rest, maxsplit=1)[1:])
    return SEPARATORS.split(rest)


def _forms(part: str) -> tuple[str, ...]:
    return part, unquote(part), unquote_plus(part), quote(part, safe="")
