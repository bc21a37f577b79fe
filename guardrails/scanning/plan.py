"""All recognizers of a policy as one: where to look, and what is found there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import COMBINING, INVISIBLE, Reading, fold, read
from guardrails.scanning.recognizer import Recognizer
from guardrails.scanning.resolution import resolved

PLACEHOLDER = "PLACEHOLDER"
"""Entity of what stands for a value already; such findings are given so that they can be restored."""
PLACEHOLDERS = re.compile(r"<[A-Z][A-Z0-9_]{1,40}(?:[_#][a-z2-7]{10})?>")
PLACEHOLDER_TRIGGER = r"<[A-Z]"
BLANK = "<"

# Masking one value can bare another beside it, which is then found too. Each round takes characters away that values
# are made of, so more rounds than this mean a mistake of ours.
ROUNDS = 8
WORD_LIKE = re.compile(r"[\w@.+\-/:=]")

BREAK = r"\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
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
    """

    def __init__(
        self,
        recognizers: Sequence[Recognizer],
        thresholds: Mapping[str, float] | None = None,
        threshold: float = 0.35,
        keep: Keep | None = None,
        version: str = "",
    ) -> None:
        self._groups = _by_trigger(recognizers)
        self._thresholds = dict(thresholds or {})
        self._threshold = threshold
        self._keep = keep
        self.version = hashlib.blake2b(
            repr((version, threshold, sorted(self._thresholds.items()), *map(_signature, recognizers))).encode(),
            digest_size=16,
        ).digest()
        texts = [r.trigger for r in recognizers if r.reads == "text"]
        self.text_trigger = re.compile("|".join(dict.fromkeys([*texts, PLACEHOLDER_TRIGGER])))
        self.unicode_trigger = re.compile(
            "|".join(dict.fromkeys([*texts, PLACEHOLDER_TRIGGER, f"[{INVISIBLE}{COMBINING}]"]))
        )
        folded = dict.fromkeys(r.trigger for r in recognizers if r.reads == "folded")
        self.folded_trigger = re.compile("|".join(folded)) if folded else None
        rests = {r.entity: getattr(r, "continuation", TOKEN_REST) for r in recognizers}
        self._rests = {entity: re.compile(rest) for entity, rest in rests.items()}
        self._token_rest = re.compile(TOKEN_REST)

    def look(self, window: str, context: str) -> tuple[list[Finding], str]:
        """The findings in a window, and the window with blanks in their place, as long as before.

        Args:
            window: as :func:`~guardrails.scanning.folding.plain` gives it.
            context: what comes before it, likewise.
        """
        reading = read(context + window)
        text, start = reading.text, reading.index(len(context))
        found = [
            Finding(PLACEHOLDER, m.start(), m.end(), 1.0, validated=True)
            for m in (PLACEHOLDERS.finditer(text, start) if "<" in text else ())
        ]
        text = _blanked(text, found)
        for _ in range(ROUNDS):
            raw = [finding for finding in self._raw(text, start) if self._counts(finding, text)]
            new = resolved(raw)
            if not new:
                break
            found += new
            settled = len(new) == len(raw) and not any(_has_neighbour(text, finding) for finding in new)
            text = _blanked(text, new)
            if settled:
                break
        else:
            raise RuntimeError("looking for what masking bares did not come to an end")
        if not found:
            return [], window
        findings = [_placed(finding, reading, len(context)) for finding in sorted(found, key=lambda f: f.start)]
        return findings, _blanked(window, findings)

    def rest_of(self, entity: str) -> re.Pattern[str]:
        """What continues a value of ``entity`` beyond the window it was found in."""
        return self._rests.get(entity, self._token_rest)

    def _raw(self, text: str, start: int) -> Iterable[Finding]:
        folded: str | None = None
        for reads, trigger, recognizers in self._groups:
            if reads == "folded":
                folded = fold(text) if folded is None else folded
            reading = text if folded is None or reads == "text" else folded
            # The trigger may stand before the window, as a cue does.
            if trigger.search(reading):
                for recognizer in recognizers:
                    yield from recognizer.find(reading, start, len(reading))

    def _counts(self, finding: Finding, text: str) -> bool:
        if finding.score < self._thresholds.get(finding.entity, self._threshold):
            return False
        return self._keep is None or self._keep(finding, text[finding.start : finding.end])


def _by_trigger(recognizers: Sequence[Recognizer]) -> list[tuple[str, re.Pattern[str], list[Recognizer]]]:
    groups: dict[tuple[str, str], list[Recognizer]] = {}
    for recognizer in recognizers:
        groups.setdefault((recognizer.reads, recognizer.trigger), []).append(recognizer)
    return [(reads, re.compile(trigger), members) for (reads, trigger), members in groups.items()]


def _signature(recognizer: Recognizer) -> tuple[str, ...]:
    return (type(recognizer).__qualname__, recognizer.entity, getattr(recognizer, "version", ""))


def _blanked(text: str, findings: Iterable[Finding]) -> str:
    for finding in findings:
        text = text[: finding.start] + BLANK * (finding.end - finding.start) + text[finding.end :]
    return text


def _has_neighbour(text: str, finding: Finding) -> bool:
    """Whether something stands beside a value that may have kept another from being seen, or been one itself."""
    before = text[finding.start - 1] if finding.start > 0 else " "
    after = text[finding.end] if finding.end < len(text) else " "
    return bool(WORD_LIKE.match(before) or WORD_LIKE.match(after))


def _placed(finding: Finding, reading: Reading, context: int) -> Finding:
    """A finding where it stands in the window, with what was hidden in it and right after it."""
    begin, end = reading.place(finding.start) - context, reading.place(finding.end) - context
    return Finding(finding.entity, begin, end, finding.score, finding.validated)
