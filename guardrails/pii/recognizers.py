"""The recognizers: Presidio's patterns and checks, behind cheap gates, linear in the length of the text.

Presidio runs every pattern over every text. Here a recognizer first asks for a character that each of its values
holds, and looks only around it. Where a pattern of Presidio's is not linear (e-mail) or misses common spellings
(cards in dotted groups, the 2-series of Mastercard), the pattern is ours and the check is still Presidio's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

import tldextract

from guardrails.pii.finding import Finding
from guardrails.pii.phone import PhoneRecognizer
from guardrails.pii.presidio import load_recognizers
from guardrails.scanning.context_words import ContextWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inferspect.tenancy.rules import PiiEntity

PRESIDIO = load_recognizers()
DIGIT_RUN = re.compile(r"\d[\d\-. ]{7,}\d")
# The list of public suffixes that came with the package: asking for a newer one would be a request to the internet
# in the middle of a scan.
PUBLIC_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
PUBLIC_SUFFIXES("example.com")  # reads the list now, and not while a first request waits


class Recognizer(Protocol):
    """Finds the values of one entity.

    ``find`` looks at ``text[start:end]`` only, except for context words, which may stand before ``start``. Its values
    respect :data:`guardrails.pii.detection.SAFE_CUT`.

    Attributes:
        entity: what it finds.
        has_digits: whether each value holds a digit, so that it need not look where there is none.
    """

    @property
    def entity(self) -> PiiEntity: ...

    @property
    def has_digits(self) -> bool: ...

    def find(self, text: str, start: int, end: int) -> Iterable[Finding]: ...


def _patterns(recognizer: Any) -> list[tuple[re.Pattern[str], float]]:
    flags = recognizer.global_regex_flags
    return [(re.compile(pattern.regex, flags), pattern.score) for pattern in recognizer.patterns]


class EmailRecognizer:
    """E-mail addresses whose domain ends in a public suffix, as Presidio asks for.

    Presidio's pattern tries every word of a text as the beginning of an address, which is quadratic; this one begins
    at each ``@`` and looks no further to either side than an address may reach (RFC 5321: 64 and 255 characters).
    """

    entity: PiiEntity = "EMAIL_ADDRESS"
    has_digits = False
    DOMAIN = re.compile(r"\w+(?:-+\w+)*(?:\.\w+(?:-+\w+)*)+")
    LONGEST_LOCAL = 64
    LONGEST_DOMAIN = 255
    LABELS_TOO_MANY = 2

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
        local = text[max(floor, at - self.LONGEST_LOCAL) : at]
        begin = len(local)
        while begin and (local[begin - 1].isalnum() or local[begin - 1] in "!#$%&'*+-/=?^_`{|}~."):
            begin -= 1
        while begin < len(local) and not (local[begin].isalnum() or local[begin] == "_"):
            begin += 1
        domain = self.DOMAIN.match(text, at + 1, min(end, at + 1 + self.LONGEST_DOMAIN))
        if begin == len(local) or local.endswith(".") or not domain:
            return None
        name = domain.group()
        # "jane@example.com.Thanks": a sentence that began without a space is not part of the domain.
        for _ in range(self.LABELS_TOO_MANY + 1):
            if PUBLIC_SUFFIXES(name).fqdn:
                return Finding(self.entity, at - len(local) + begin, at + 1 + len(name), 1.0, validated=True)
            name = name.rpartition(".")[0]
        return None


class CreditCardRecognizer:
    """Card numbers of 13 to 19 digits, whole or in groups, that pass Presidio's Luhn check."""

    entity: PiiEntity = "CREDIT_CARD"
    has_digits = True
    CANDIDATE = re.compile(
        r"(?<!\w)(?:"
        r"[1-6]\d{3}(?:[-. ]?\d{4}){2}(?:[-. ]?\d{1,4}){1,2}"
        r"|3\d{3}[-. ]?\d{6}[-. ]?\d{4,5}"
        r"|[13-6]\d{3}[- ]?\d{3,4}[- ]?\d{3,4}[- ]?\d{3,5}"
        r")(?!\w)",
        re.ASCII,
    )
    LAST_GROUP = re.compile(r"[-. ]\d+\Z")
    FIRST_GROUP = re.compile(r"\d+")
    SHORTEST, USUAL = 13, 16

    def __init__(self) -> None:
        self._presidio = PRESIDIO["CreditCardRecognizer"](replacement_pairs=[("-", ""), (" ", ""), (".", "")])

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for run in DIGIT_RUN.finditer(text, start, end):
            position = run.start()
            # One character more, so that the pattern sees a letter that makes the digits part of a word.
            while match := self.CANDIDATE.search(text, position, min(end, run.end() + 1)):
                length = self._valid_length(match.group())
                if length:
                    yield Finding(self.entity, match.start(), match.start() + length, 1.0, validated=True)
                    position = match.start() + length
                else:
                    # "card 12 4111 1111 1111 1111": the next group may begin a number.
                    position = self.FIRST_GROUP.match(text, match.start()).end()  # type: ignore[union-attr]

    def _valid_length(self, value: str) -> int:
        """How much of ``value`` is a card number, 0 for nothing: what follows one may look like its last group.

        Of several beginnings that pass the check, sixteen digits win, as nearly all cards have them.
        """
        lengths: dict[int, int] = {}
        shortened = 1
        while shortened:
            digits = [character for character in value if character.isdigit()]
            # Zeros pass the check.
            if len(digits) >= self.SHORTEST and len(set(digits)) > 1 and self._presidio.validate_result(value):
                lengths[len(digits)] = len(value)
            value, shortened = self.LAST_GROUP.subn("", value)
        return lengths.get(self.USUAL) or max(lengths.values(), default=0)


class IbanRecognizer:
    """IBANs by Presidio's pattern, checksum and format of the country."""

    entity: PiiEntity = "IBAN_CODE"
    has_digits = True
    BEGINNING = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[0-9]{2}")

    def __init__(self) -> None:
        self._presidio = PRESIDIO["IbanRecognizer"]()
        self._patterns = _patterns(self._presidio)
        self._context = ContextWords(self._presidio.context)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        taken = start
        for beginning in self.BEGINNING.finditer(text, start, end):
            if beginning.start() < taken:
                continue
            for pattern, score in self._patterns:
                finding = self._longest(text, pattern.match(text, beginning.start(), end), score)
                if finding:
                    taken = finding.end
                    yield finding

    def _longest(self, text: str, match: re.Match[str] | None, score: float) -> Finding | None:
        """The longest beginning of a match that is valid: what follows an IBAN may look like its last group."""
        for group in (3, 2, 1) if match else ():
            value = text[match.start() : match.end(group)]  # type: ignore[union-attr]
            valid = self._presidio.validate_result(value)
            if valid is not False:
                begin = match.start()  # type: ignore[union-attr]
                score = 1.0 if valid else self._context.lift(score, text, begin)
                return Finding(self.entity, begin, begin + len(value), score, validated=bool(valid))
        return None


class IpRecognizer:
    """IPv4 and IPv6 addresses by Presidio's patterns."""

    entity: PiiEntity = "IP_ADDRESS"
    has_digits = False
    DOTTED = re.compile(r"\d{1,3}\.\d{1,3}\.\d")
    TWO_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
    COLONS = re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:")

    def __init__(self) -> None:
        self._presidio = PRESIDIO["IpRecognizer"]()
        patterns = dict(zip((p.name for p in self._presidio.patterns), _patterns(self._presidio), strict=True))
        self._version_4 = [patterns.pop("IPv4")]
        self._version_6 = list(patterns.values())
        self._context = ContextWords(self._presidio.context)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        if self.TWO_COLONS.search(text, start, end):
            for colons in self.COLONS.finditer(text, start, end):
                yield from self._at(text, colons.start(), end, self._version_6)
        if self.DOTTED.search(text, start, end):
            for pattern, score in self._version_4:
                for match in pattern.finditer(text, start, end):
                    yield from self._checked(text, match, score)

    def _at(self, text: str, begin: int, end: int, patterns: list[tuple[re.Pattern[str], float]]) -> Iterator[Finding]:
        for pattern, score in patterns:
            match = pattern.match(text, begin, end)
            if match:
                yield from self._checked(text, match, score)

    def _checked(self, text: str, match: re.Match[str], score: float) -> Iterator[Finding]:
        if not self._presidio.invalidate_result(match.group()):
            score = self._context.lift(score, text, match.start())
            yield Finding(self.entity, match.start(), match.end(), score)


class UsSsnRecognizer:
    """US social security numbers by Presidio's patterns; without separators only next to a context word."""

    entity: PiiEntity = "US_SSN"
    has_digits = True

    def __init__(self) -> None:
        self._presidio = PRESIDIO["UsSsnRecognizer"]()
        self._patterns = _patterns(self._presidio)
        self._context = ContextWords(self._presidio.context)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for run in DIGIT_RUN.finditer(text, start, end):
            for pattern, score in self._patterns:
                for match in pattern.finditer(text, run.start(), min(end, run.end() + 1)):
                    if not self._presidio.invalidate_result(match.group()):
                        lifted = self._context.lift(score, text, match.start())
                        yield Finding(self.entity, match.start(), match.end(), lifted)


RECOGNIZERS: tuple[Recognizer, ...] = (
    EmailRecognizer(),
    CreditCardRecognizer(),
    IbanRecognizer(),
    IpRecognizer(),
    UsSsnRecognizer(),
    PhoneRecognizer(),
)
