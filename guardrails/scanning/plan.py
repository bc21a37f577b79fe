"""All recognizers of a policy as one: where to look, and what is found there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from guardrails.scanning.clues import Clues, Sight
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import COMBINING, INVISIBLE, Reading, read
from guardrails.scanning.recognizer import Recognizer
from guardrails.scanning.resolution import resolved
from guardrails.scanning.triggers import Group, grouped

PLACEHOLDER = "PLACEHOLDER"
"""Entity of what stands for a value already; such findings are given so that they can be restored."""
PLACEHOLDERS = re.compile(r"<[A-Z][A-Z0-9_]{1,40}(?:[_#][a-z2-7]{10})?>")
OF_PLACEHOLDERS = Group("text", re.compile(r"<[A-Z]"), Clues(parts=("<",)))
HIDDEN = re.compile(f"[{INVISIBLE}{COMBINING}]")
OF_HIDDEN = Group("text", HIDDEN, Clues(pattern=HIDDEN, in_ascii=False))
LONGEST_PLACEHOLDER = 54
BLANK = "<"

# Masking one value can bare another beside it, which is then found too. Each round takes characters away that values
# are made of, so more rounds than this mean a mistake of ours.
ROUNDS = 8
WORD_LIKE = re.compile(r"[\w@.+\-/:=]")
# Not what ends a clause.
WORD_LIKE_AFTER = re.compile(r"(?![.,;:!?)\]}\"']{1,3}(?:\s|\Z))[^\s<]")

BREAK = r"\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
CONTEXT = 64
"""How many characters before a window tell what it is about."""
TOKEN_REST = rf"[^{BREAK}]*"

Keep = Callable[[Finding, str], bool]


class Plan:
    """What to look for.

    Args:
        recognizers: asked in this order, which makes no difference to the result.
        thresholds: least score by entity; entities that are not named need ``threshold``.
        threshold: least score of a finding.
        keep: whether a finding counts, given the value as it was read; an allow-list says no.
        version: what sets this plan apart from others that find something else in the same text.
        yielding: entities that give way where they overlap others, as they leave the text as it is.

    Attributes:
        groups: what opens windows.
    """

    def __init__(
        self,
        recognizers: Sequence[Recognizer],
        thresholds: Mapping[str, float] | None = None,
        threshold: float = 0.35,
        keep: Keep | None = None,
        version: str = "",
        *,
        yielding: Iterable[str] = (),
    ) -> None:
        self._asked = grouped(recognizers)
        self.groups: Sequence[Group] = (*self._asked, OF_PLACEHOLDERS, OF_HIDDEN)
        self._thresholds = dict(thresholds or {})
        self._threshold = threshold
        self._keep = keep
        self._yielding = frozenset(yielding)
        self.version = hashlib.blake2b(
            repr((version, threshold, sorted(self._thresholds.items()), *map(_signature, recognizers))).encode(),
            digest_size=16,
        ).digest()
        rests = {r.entity: getattr(r, "continuation", TOKEN_REST) for r in recognizers}
        self._rests = {entity: re.compile(rest) for entity, rest in rests.items()}
        self._token_rest = re.compile(TOKEN_REST)

    def look(self, window: str, context: str, seen: Sequence[Group] | None = None) -> tuple[list[Finding], str]:
        """The findings in a window, and the window with blanks in their place, as long as before.

        Args:
            window: as :func:`~guardrails.scanning.folding.plain` gives it.
            context: what comes before it, likewise.
            seen: the groups whose triggers stand anywhere in the text that both are from; others need not be asked.
                ``None`` where that is not known.
        """
        reading = read(context + window)
        text, start = reading.text, reading.index(len(context))
        found: list[Finding] = []
        if "<" in text:
            placeholders = [Finding(PLACEHOLDER, *m.span(), 1.0, validated=True) for m in PLACEHOLDERS.finditer(text)]
            text = _blanked(text, placeholders)
            found += [finding for finding in placeholders if finding.start >= start]
        # Blanks, and what is read without hidden characters, may show triggers that the text did not.
        asked = self._asked if seen is None or reading.places is not None or "<" in text else seen
        # Where a context is cut off, no word begins.
        begin = 1 if len(context) >= CONTEXT else 0
        for _ in range(ROUNDS):
            raw = {finding for finding in self._raw(text, start, asked, begin) if self._counts(finding, text)}
            new = resolved(raw, self._yielding)
            if not new:
                break
            found += new
            settled = len(new) == len(raw) and not any(_has_neighbour(text, finding) for finding in new)
            text = _blanked(text, new)
            if settled:
                break
            asked = self._asked
        else:
            raise RuntimeError("looking for what masking bares did not come to an end")
        if not found:
            return [], window
        findings = [_placed(finding, reading, len(context)) for finding in sorted(found, key=lambda f: f.start)]
        return findings, _blanked(window, findings)

    def rest_of(self, entity: str) -> re.Pattern[str]:
        """What continues a value of ``entity`` beyond the window it was found in."""
        return self._rests.get(entity, self._token_rest)

    def _raw(self, text: str, start: int, groups: Sequence[Group], begin: int) -> Iterable[Finding]:
        sight = Sight(text)
        end = len(text)
        digits = -1
        for group in groups:
            # The trigger may stand before the window, as a cue does.
            if not group.asked or not group.matches(sight, begin):
                continue
            reading = sight.reading(group.reads)
            for find, fewest_digits in group.asked:
                if fewest_digits:
                    digits = sum(map(text[start:].count, "0123456789")) if digits < 0 else digits
                    if digits < fewest_digits:
                        continue
                yield from find(reading, start, end)

    def _counts(self, finding: Finding, text: str) -> bool:
        if finding.score < self._thresholds.get(finding.entity, self._threshold):
            return False
        return self._keep is None or self._keep(finding, text[finding.start : finding.end])


def _signature(recognizer: Recognizer) -> tuple[str, ...]:
    return (type(recognizer).__qualname__, recognizer.entity, getattr(recognizer, "version", ""))


def without_placeholders(text: str) -> str:
    """``text`` with blanks in place of what stands for values, as the names of entities are no cues."""
    return PLACEHOLDERS.sub(lambda placeholder: BLANK * len(placeholder.group()), text) if "<" in text else text


def _blanked(text: str, findings: Iterable[Finding]) -> str:
    for finding in findings:
        text = text[: finding.start] + BLANK * (finding.end - finding.start) + text[finding.end :]
    return text


def _has_neighbour(text: str, finding: Finding) -> bool:
    """Whether something stands beside a value that may have kept another from being seen, or been one itself."""
    before = finding.start > 0 and WORD_LIKE.match(text, finding.start - 1)
    return bool(before or WORD_LIKE_AFTER.match(text, finding.end))


def _placed(finding: Finding, reading: Reading, context: int) -> Finding:
    """A finding where it stands in the window, with what was hidden in it and right after it."""
    begin, end = reading.place(finding.start) - context, reading.place(finding.end) - context
    return Finding(finding.entity, begin, end, finding.score, finding.validated)
