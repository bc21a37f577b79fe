"""Takes secrets out of what management requests say, before it is kept: a fingerprint stands in their place.

A fingerprint tells that a secret was set or changed. It is keyed, so that nobody tries guesses against it.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from inferspect.logs import without_secrets
from inferspect.store.audit.entry import DEEPEST, TOO_DEEP
from inferspect.store.audit.keys import AuditKeys

# Names that hold a secret, whatever it looks like. `max_tokens` and `key_alias` are none.
SECRET_NAMES = re.compile(
    r"(?:.*[_\-.])?(?:api_?keys?|keys?|tokens?|secrets?|pass(?:word|wd|phrase)?|pwd|pat|credentials?|authorization|auth"
    r"|cookie|private|salt|dsn|signature|jwt|connection_?string|database_url|redis_url|webhook(?:_url)?|otp|code|assertion|invitation_(?:link|id))"
    r"|.*(?:secret|password|passwd|private_?key|access_?key|api_?key|credential|auth_?token|access_?token"
    r"|refresh_?token|id_?token|session_?token|bearer).*",
    re.IGNORECASE | re.DOTALL,
)
NO_SECRETS = re.compile(
    r"(?:max|min|prompt|completion|total|input|output|cached)_.*tokens?|.*_per_token.*", re.IGNORECASE
)
# Everything below these is one, but for what is listed.
SECRET_PARTS = frozenset(
    {"credential_values", "litellm_params", "environment_variables", "env", "env_vars", "headers", "static_headers",
     "extra_headers", "callback_vars", "vertex_credentials", "sso_settings", "cache_params", "config"}
)  # fmt: skip
PLAIN_PARAMETERS = frozenset(
    {"model", "api_base", "api_version", "base_url", "custom_llm_provider", "region_name", "aws_region_name",
     "vertex_location", "vertex_project", "litellm_credential_name", "organization", "timeout", "stream_timeout",
     "max_retries", "tpm", "rpm", "guardrail", "mode", "default_on", "type", "host", "port", "tags", "base_model",
     "order", "weight", "callback_name", "callback_type"}
)  # fmt: skip
LOOKS_SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|pk|rk)-[A-Za-z0-9_\-]{8,}"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|hf_|AIza|ya29\.|npm_|pypi-|dop_v1_)[A-Za-z0-9_\-.]{10,}"
    r"|(?<![A-Za-z0-9])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?i:(?<![A-Za-z0-9])(?:bearer|basic)\s+[A-Za-z0-9._~+/\-]{8,}=*)"
    # A login in an address, up to its last `@`: passwords have `@` and `/` in them, too.
    r"|(?<=://)[^\s\"'<>]{1,500}(?=@)",
    re.DOTALL,
)
# What is secret in the second group by what stands before it, in the first.
PLACED = (
    re.compile(
        r"(https?://(?:hooks\.slack\.com/services/|[^\s\"'/]{1,200}/(?:[^\s\"'/]{1,100}/){0,4}?webhooks?(?:b2)?/))"
        r"([^\s\"'?#\[]+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"([?&](?:[\w.\-]{0,40}?[_.\-])?"
        r"(?:api_?key|key|token|sig|signature|secret|password|pwd|pass|code|auth|pat|credential)s?=)([^&\s#\"\[]+)",
        re.IGNORECASE,
    ),
    # Addresses of notifications, as Apprise has them, such as `tgram://`: they consist of secrets.
    re.compile(
        r"((?<![a-z0-9+.\-])(?!(?:https?|wss?|postgres(?:ql)?|rediss?|mysql|mongodb|amqps?|s3|gs|file|grpcs?|tcp|ftp)"
        r"(?:\+\w+)?://)[a-z][a-z0-9+.\-]{1,20}://)([^\s\"'<>\[]+)",
        re.IGNORECASE,
    ),
)
BEFORE_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LONGEST_TEXT = 4_000
LONGEST_NAME = 300
LOOKED_AHEAD = 2_000  # characters: a secret that begins before the cut is known by what follows
MOST_MEMBERS = 500
LONGEST_CHARACTER = len(r"\ud83d\ude00")  # in JSON that is all ASCII
LARGEST = 16_000
CUT = "…"
REFERENCES = ("os.environ/", "file:/")


@dataclass(slots=True)
class Room:
    """How many bytes of JSON may still be kept: what comes when there are none left is cut."""

    left: int = LARGEST

    def take(self, value: Any) -> Any:
        """The value."""
        self.left -= len(json.dumps(value)) + 2
        return value

    def fit(self, text: str) -> str:
        """The text, cut where there is too little room for it."""
        if len(json.dumps(text)) > self.left:
            text = f"{text[: max(self.left, 0) // LONGEST_CHARACTER]}{CUT}"
        self.take(text)
        return text

    @property
    def is_full(self) -> bool:
        return self.left <= 0


class Redactor:
    """Replaces secrets by fingerprints."""

    def __init__(self, keys: AuditKeys) -> None:
        self._keys = keys

    def content(self, value: Any, room: Room | None = None) -> Any:
        """JSON without secrets, as much as there is room for: of an object what is short first."""
        return self._without(value, Room() if room is None else room, secret=False, deepest=DEEPEST)

    def text(self, text: str) -> str:
        """A text without what looks like a secret, cut where it is long."""
        looked_at = text[: LONGEST_TEXT + LOOKED_AHEAD]
        shown = looked_at
        for pattern in PLACED:
            shown = pattern.sub(lambda found: found[1] + self.mark(found[2]), shown)
        shown = without_secrets(LOOKS_SECRET.sub(lambda found: self.mark(found[0]), shown))
        if len(text) == len(looked_at) and len(shown) <= LONGEST_TEXT:
            return shown
        return f"{shown[:LONGEST_TEXT]}… ({len(text)} characters)"

    def mark(self, secret: str | bytes) -> str:
        """What stands for a secret."""
        return f"[secret {self._keys.fingerprint(secret)}]"

    def _without(self, value: Any, room: Room, *, secret: bool, deepest: int) -> Any:
        if isinstance(value, Mapping | list | tuple) and not deepest:
            return room.take(TOO_DEEP)
        if isinstance(value, Mapping):
            return self._members(value, room, secret=secret, deepest=deepest - 1)
        if isinstance(value, list | tuple):
            listed = []
            for member in value[:MOST_MEMBERS]:
                if room.is_full:
                    break
                listed.append(self._without(member, room, secret=secret, deepest=deepest - 1))
            return listed if len(listed) == len(value) else [*listed, room.take(f"{CUT} ({len(value)} members)")]
        if value is None or isinstance(value, bool) or value in ("", 0):
            return room.take(value)
        room.left -= len(value[:LONGEST_TEXT]) // 8 if isinstance(value, str) else 0  # to look costs, too
        if secret and not (isinstance(value, str) and value.startswith(REFERENCES)):
            return room.take(self.mark(value if isinstance(value, str) else str(value)))
        return room.fit(self.text(value)) if isinstance(value, str) else room.take(value)

    def _members(self, value: Mapping[Any, Any], room: Room, *, secret: bool, deepest: int) -> dict[str, Any]:
        # `{"field_name": "master_key", "field_value": ...}`, as LiteLLM's /config/field/update has it.
        secret = secret or _is_secret(str(value.get("field_name", "")), inside=False)
        shown: dict[str, Any] = {}
        for key in heapq.nsmallest(MOST_MEMBERS, value, key=lambda key: _size(value[key])):
            if room.is_full:
                break
            is_secret = _is_secret(str(key), inside=secret) and key != "field_name"
            name = room.fit(self.text(str(key)))
            shown[name] = self._without(value[key], room, secret=is_secret, deepest=deepest)
        return shown if len(shown) == len(value) else {**shown, CUT: room.take(f"{len(value)} members")}


def _size(value: Any) -> int:
    """How much room it may take, so that no long member keeps short ones out."""
    if isinstance(value, Mapping | list | tuple):
        return LONGEST_TEXT + len(value)
    return min(len(value), LONGEST_TEXT) if isinstance(value, str) else 0


def parameters(query: str) -> dict[str, list[str]]:
    """The parameters of a query string as they were sent."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def _is_secret(name: str, *, inside: bool) -> bool:
    """Whether what a member of this name holds is secret; ``inside`` of something that is."""
    if name in SECRET_PARTS or len(name) > LONGEST_NAME:
        return True
    name = BEFORE_CAPITALS.sub("_", name)
    if SECRET_NAMES.fullmatch(name) and not NO_SECRETS.fullmatch(name):
        return True
    return inside and name not in PLAIN_PARAMETERS
