"""W3C Trace Context (https://www.w3.org/TR/trace-context/): which trace a caller is in, and how it is passed on."""

from __future__ import annotations

import re
from dataclasses import dataclass

SAMPLED = "01"
LONGEST_STATE = 512
_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_STATE_MEMBER = re.compile(r"[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]")
_MOST_MEMBERS = 32


@dataclass(frozen=True, slots=True)
class TraceParent:
    """A valid ``traceparent``; ``trace_id`` has 16 bytes, ``span_id`` 8, ``flags`` two hexadecimal digits."""

    trace_id: bytes
    span_id: bytes
    flags: str = SAMPLED

    def __str__(self) -> str:
        return f"00-{self.trace_id.hex()}-{self.span_id.hex()}-{self.flags}"


def parse_parent(header: str | None) -> TraceParent | None:
    """What a ``traceparent`` says, as version 00 understands it; ``None`` where it is absent or invalid."""
    found = _PARENT.fullmatch(header.strip()) if isinstance(header, str) else None
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceParent(bytes.fromhex(trace_id), bytes.fromhex(span_id), flags)


def valid_state(header: str | None) -> str | None:
    """A ``tracestate`` that may be passed on, without white space around its members; ``None`` where it is invalid."""
    if not isinstance(header, str) or len(header) > LONGEST_STATE:
        return None
    members = [member for part in header.split(",") if (member := part.strip(" \t"))]
    keys = {member.partition("=")[0] for member in members}
    if not members or len(members) > _MOST_MEMBERS or len(keys) < len(members):
        return None
    return ",".join(members) if all(_STATE_MEMBER.fullmatch(member) for member in members) else None
