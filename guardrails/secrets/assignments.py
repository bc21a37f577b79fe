"""Secrets told by what stands before them, such as the word `password`, or by a connection string around them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from guardrails.scanning.clues import Clues
from guardrails.scanning.finding import Finding

# What is written where a secret belongs, in code and in manuals.
NO_SECRET = re.compile(
    r"(?i)[*x.•_\-]{3,}"
    r"|(?:<|\$\{|\{\{|\$\(|%\w+%|os\.|process\.|env\.|getenv|config\.|settings\.|self\.|secrets\.|vault:|arn:)"
    r"|(?:your|my|the|some|example|sample|dummy|test|changeme|change|placeholder|redacted|hidden|none|null|nil|true|false"
    r"|undefined|required|optional|string|str|password|passwd|secret|token|input|prompt|hash|hashed|encrypted)(?![a-z0-9])"
)
QUOTES = "\"'`\u2018\u2019\u201c\u201d"
ASSIGNED = rf"[{QUOTES}]?\s{{0,3}}(?:[:=]{{1,2}}>?|\bis\b|\bla\b|\blà\b|->)\s{{0,3}}"


def entropy(value: str) -> float:
    """Shannon entropy of the characters of ``value``, in bits a character."""
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())


class PasswordRecognizer:
    """A password after its name, as in ``password: …`` or ``mật khẩu là …``.

    Without quotes it must not look like a word: people also write *the password is required*.
    """

    entity = "SECRET_PASSWORD"
    reads: Literal["text"] = "text"
    trigger = r"(?i:passw|passphrase|pwd|\bpass\b|\bm[aậ]t\b|kh[aẩ]u)"
    clues = Clues(frozenset({"pass", "mat", "mật"}), ("passw", "passphrase", "pwd", "khau", "khẩu"))
    SCORE = 0.75
    NAMED = re.compile(
        rf"(?i)(?:password|passwd|passphrase|pwd|\bpass|m[aậ]t\s{{0,2}}kh[aẩ]u){ASSIGNED}"
        rf"(?:[{QUOTES}](?P<quoted>[^\s{QUOTES}]{{6,64}})[{QUOTES}]?|(?P<bare>[^\s,;{QUOTES}]{{6,64}}))"
    )

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        # Its name may stand before the window.
        for match in self.NAMED.finditer(text, 0, end):
            kind = "quoted" if match["quoted"] else "bare"
            if match.start(kind) < start:
                continue
            value = match[kind].rstrip(".)!?>]}" if kind == "bare" else "")
            if NO_SECRET.match(value) or len(value) < 6 or (kind == "bare" and not _is_mixed(value)):  # noqa: PLR2004
                continue
            yield Finding(self.entity, match.start(kind), match.start(kind) + len(value), self.SCORE)


class HighEntropyRecognizer:
    """Random characters after words such as ``secret``, ``token`` or ``api key``, or after ``Bearer``."""

    entity = "SECRET_HIGH_ENTROPY"
    reads: Literal["text"] = "text"
    trigger = r"(?i:secret|token|api[_\-]?key|\bkey|credential|bearer|access[_\-]?key|auth)"
    clues = Clues(parts=("secret", "token", "key", "credential", "bearer", "auth"))
    SCORE = 0.7
    NAMED = re.compile(
        rf"(?i)(?:(?:secret|token|(?:api|access|private|client)[ _\-]?key|credentials?|auth\w{{0,10}}){ASSIGNED}"
        rf"|bearer\s{{1,3}})[{QUOTES}]?(?P<value>[A-Za-z0-9+/=_.\-]{{16,}})"
    )
    HEXADECIMAL = re.compile(r"[0-9a-fA-F\-]+")
    LEAST_BITS, LEAST_BITS_OF_HEXADECIMAL = 3.6, 3.0  # a character

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.NAMED.finditer(text, 0, end):
            value = match["value"].rstrip(".")
            if (
                match.start("value") >= start
                and not NO_SECRET.match(value)
                and _is_mixed(value)
                and self._is_random(value)
            ):
                yield Finding(self.entity, match.start("value"), match.start("value") + len(value), self.SCORE)

    def _is_random(self, value: str) -> bool:
        is_hexadecimal = self.HEXADECIMAL.fullmatch(value) is not None
        return entropy(value) >= (self.LEAST_BITS_OF_HEXADECIMAL if is_hexadecimal else self.LEAST_BITS)


class ConnectionStringRecognizer:
    """Connection strings of databases and queues with a password in them, as URLs or as ``Server=…;Password=…``."""

    entity = "SECRET_CONNECTION_STRING"
    reads: Literal["text"] = "text"
    continuation = r"[^\s\"'`<>]*"
    trigger = r"(?:[a-z0-9]{2}://|(?i:;(?:password|pwd)=))"
    clues = Clues(parts=("://", ";password=", ";pwd="))
    SCORE = 0.95
    URL = re.compile(
        r"(?<![A-Za-z0-9])(?:jdbc:)?(?:postgres(?:ql)?|mysql|mariadb|mssql|sqlserver|oracle|mongodb|rediss?|amqps?|kafka"
        r"|nats|clickhouse|cockroachdb|snowflake|elasticsearch|cassandra|ldaps?|ftps?|sftp|smtps?)(?:\+[a-z0-9_]{1,20})?://"
        r"[^\s:@/?#]{0,64}:(?P<password>[^\s@/]{1,64})@[^\s\"'`<>]+"
    )
    PAIRS = re.compile(r"(?i);(?:password|pwd)=(?P<password>[^;\s\"']{1,64})")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.URL.finditer(text, start, end):
            if not NO_SECRET.match(match["password"]):
                stop = match.start() + len(match.group().rstrip(".,;:)]}"))
                yield Finding(self.entity, match.start(), stop, self.SCORE, validated=True)
        for match in self.PAIRS.finditer(text, 0, end):
            if match.start("password") >= start and not NO_SECRET.match(match["password"]):
                yield Finding(self.entity, match.start("password"), match.end("password"), self.SCORE, validated=True)


def _is_mixed(value: str) -> bool:
    """Whether it is not written like a word: it has a digit or a sign in it, or capitals after its first letter."""
    return any(not character.isalpha() for character in value) or not (value.islower() or value[1:].islower())
