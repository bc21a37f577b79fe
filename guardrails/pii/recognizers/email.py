"""E-mail addresses."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

# Top-level domains that are none (RFC 6762, RFC 8375, RFC 2606), and in which companies and examples have addresses.
INTERNAL = frozenset(
    ("local", "localdomain", "internal", "intranet", "lan", "corp", "home", "private", "test", "example")
)


@cache
def top_level_domains() -> frozenset[str]:
    """All top-level domains, by the list of public suffixes that comes with ``tldextract``.

    The list is read as a file: importing the package takes 0.4 s and 28 MB.

    Raises:
        ImportError: the package is not installed, or is a version without the file.
    """
    spec = importlib.util.find_spec("tldextract")
    for location in (spec and spec.submodule_search_locations) or ():
        snapshot = Path(location, ".tld_set_snapshot")
        if snapshot.is_file():
            lines = snapshot.read_text(encoding="utf-8").splitlines()
            names = {line.rpartition(".")[2].strip().lower() for line in lines if line and not line.startswith("//")}
            names.discard("")
            return frozenset(names | {name.encode("idna").decode() for name in names if not name.isascii()})
    raise ImportError("tldextract is not installed, or has no list of public suffixes in .tld_set_snapshot")


class EmailRecognizer:
    """E-mail addresses whose domain ends in a top-level domain there is.

    Presidio's pattern tries every word of a text as the beginning of an address, which is quadratic; this one begins
    at each ``@`` and looks no further to either side than an address may reach.
    """

    entity = "EMAIL_ADDRESS"
    reads: Reading = "text"
    trigger = r"@|%40|&#64;|&#[xX]40;|&commat;"

    DOMAIN = re.compile(r"\w+(?:-+\w+)*(?:\.\w+(?:-+\w+)*)+")
    LONGEST_LOCAL = 64  # RFC 5321
    # More are allowed, but those end what stands before an address sooner, as in "?email=jane@example.com".
    SIGNS = ".+-_'~"
    LABELS_TOO_MANY = 2
    REMOTE = re.compile(r"(?:git|hg|svn)@[^:/]*[:/][\w.~-]+/")

    def __init__(self) -> None:
        self._domains = top_level_domains()

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        at = text.find("@", start, end)
        floor = start
        while at != -1:
            finding = self._around(text, at, floor, end)
            if finding:
                floor = finding.end
                yield finding
            at = text.find("@", max(at + 1, floor), end)

    def _around(self, text: str, at: int, floor: int, end: int) -> Finding | None:
        begin = self._local_start(text, at, max(floor, at - self.LONGEST_LOCAL))
        domain = self.DOMAIN.match(text, at + 1, end)
        if begin == at or text[at - 1] == "." or not domain or self.REMOTE.match(text, begin, end):
            return None
        name = domain.group()
        # "jane@example.com.Thanks": a sentence that began without a space is not part of the domain.
        for _ in range(self.LABELS_TOO_MANY + 1):
            rest, _, last = name.rpartition(".")
            known = last.lower() in self._domains
            if not rest:
                return None
            if (known and not self._begins_sentence(rest, last)) or last.lower() in INTERNAL:
                return Finding(self.entity, begin, at + 1 + len(name), 1.0 if known else 0.8, validated=known)
            name = rest
        return None

    def _local_start(self, text: str, at: int, floor: int) -> int:
        begin = at
        while begin > floor and (text[begin - 1].isalnum() or text[begin - 1] in self.SIGNS):
            begin -= 1
        while begin < at and not (text[begin].isalnum() or text[begin] == "_"):
            begin += 1
        return begin

    def _begins_sentence(self, rest: str, last: str) -> bool:
        """Whether ``last`` is a word such as ``Call``, which is a top-level domain too, after a whole domain."""
        before = rest.rpartition(".")[2]
        return last.istitle() and "." in rest and before.islower() and before in self._domains
