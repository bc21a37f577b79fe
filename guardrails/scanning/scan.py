"""One text, whole or piece by piece, with the same result.

A scan divides a text into what is plain, where no trigger of the plan is near, and windows around triggers. Where a
window begins and ends depends only on the text before it and on what is in it, never on how the text arrived; so the
findings in a stream are those in the whole. For the same reason a window is only looked at when all of it is there:
it ends after five tokens without a trigger, at the end of the text, or at 128 characters, whichever is first. A value
of up to 64 characters is always seen as a whole. A longer one is known by its beginning, and what continues its
token belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import fold, plain
from guardrails.scanning.plan import BREAK, Plan

WINDOW = 128
LONGEST_SEEN_WHOLE = 64
CONTEXT = 64
LONGEST_TRIGGER = 32
REACH = 5
"""How many tokens after a trigger a value begins at the latest."""

BREAKS = re.compile(rf"[{BREAK}]")
QUIET = re.compile(rf"(?:[{BREAK}]+[^{BREAK}]+){{5}}(?=[{BREAK}])")
QUIET_AT_END = re.compile(rf"(?:[{BREAK}]+[^{BREAK}]+){{5}}(?=[{BREAK}]|\Z)")


Form = Literal["text", "json_string", "json_bare"]
"""How a value stands in a text: as it is; inside of a JSON string, with escapes; as a JSON number, without quotes."""


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of the text about which all is known.

    Attributes:
        text: the piece as it came.
        findings: in the piece, in order and without overlaps.
        continues: the whole piece belongs to the last finding of the piece before.
        form: how the values of all its findings stand in it.
    """

    text: str
    findings: list[Finding] = field(default_factory=list)
    continues: bool = False
    form: Form = "text"


class Scan:
    """Looks through one text.

    Args:
        plan: what to look for.
        context: what stands before the text and tells what it is about, such as the key of a JSON member. A cue in it
            counts as one in the text.
    """

    def __init__(self, plan: Plan, context: str = "") -> None:
        self._plan = plan
        self._context = plain(context)[-CONTEXT:]
        self._is_cued = bool(context) and has_trigger(plan, self._context)
        self._text = ""
        self._reading = ""
        self._position = 0
        self._is_whole = False
        self._rest: re.Pattern[str] | None = None
        self._triggers: _Triggers = _Triggers(plan)

    @property
    def held_back(self) -> int:
        """How many characters wait for what follows them."""
        return len(self._text) - self._position

    def feed(self, text: str) -> Iterator[Step]:
        """Add a piece of the text; gives what is known now. To be iterated to its end before the next call."""
        self._drop_known()
        self._text += text
        self._reading += plain(text)
        self._triggers.text_is(self._reading)
        return self._steps()

    def finish(self) -> Iterator[Step]:
        """The rest: nothing follows."""
        self._is_whole = True
        return self._steps()

    def _drop_known(self) -> None:
        # Triggers look at what stands before them.
        drop = max(0, self._position - CONTEXT)
        if drop:
            self._text, self._reading = self._text[drop:], self._reading[drop:]
            self._position -= drop
            self._triggers.moved(drop)

    def _steps(self) -> Iterator[Step]:
        while (step := self._step()) is not None:
            yield step

    def _step(self) -> Step | None:
        if self._position == len(self._text):
            return None
        if self._rest is not None:
            return self._continued(self._rest)
        if self._is_cued:
            return self._window(self._position)
        horizon, passable = self._horizons()
        trigger = self._triggers.first(self._position, horizon)
        begin = passable if trigger is None else self._token_start(trigger)
        if begin > self._position:
            return self._passed(begin, [], self._reading[self._position : begin])
        return None if trigger is None else self._window(trigger)

    def _continued(self, rest: re.Pattern[str]) -> Step:
        end = rest.match(self._reading, self._position).end()  # type: ignore[union-attr]
        if end < len(self._text) or self._is_whole:
            self._rest = None
        if end == self._position:
            return Step("")
        step = self._passed(end, [], "<" * (end - self._position))
        return replace(step, continues=True)

    def _horizons(self) -> tuple[int, int]:
        """Up to where all triggers are known, and up to where no window can begin any more.

        Both are the beginning of the last token, which may go on, unless that token is too long to be held back.
        """
        end = len(self._reading)
        if self._is_whole:
            return end, end
        floor = max(self._position, end - WINDOW)
        start = end
        while start > floor and not BREAKS.match(self._reading, start - 1):
            start -= 1
        if start > end - WINDOW:
            return start, start
        return end - LONGEST_TRIGGER, end - LONGEST_TRIGGER - LONGEST_TRIGGER - LONGEST_SEEN_WHOLE

    def _token_start(self, trigger: int) -> int:
        floor = max(self._position, trigger - LONGEST_SEEN_WHOLE)
        start = trigger
        while start > floor and not BREAKS.match(self._reading, start - 1):
            start -= 1
        return start

    def _window(self, trigger: int) -> Step | None:
        begin = self._position
        limit = begin + WINDOW
        end = self._quiet_end(trigger, limit)
        if end is None:
            if len(self._reading) > limit:
                return self._cut_window(begin, limit)
            if not self._is_whole:
                return None
            end = len(self._reading)
        findings, blanked = self._plan.look(self._reading[begin:end], self._context)
        self._is_cued = False
        return self._passed(end, findings, blanked)

    def _quiet_end(self, trigger: int, limit: int) -> int | None:
        """The end of the five tokens without a trigger that end the window, if that is before ``limit``."""
        end = len(self._reading)
        pattern = QUIET_AT_END if self._is_whole and end <= limit else QUIET
        while True:
            found = BREAKS.search(self._reading, trigger, limit)
            quiet = pattern.match(self._reading, found.start(), limit + 1) if found else None
            if found is None or quiet is None:
                return None
            following = self._triggers.first(found.start(), quiet.end())
            if following is None:
                return quiet.end()
            trigger = following

    def _cut_window(self, begin: int, limit: int) -> Step:
        """A window that is longer than can be held back: its first part, up to where no value is cut."""
        findings, blanked = self._plan.look(self._reading[begin:limit], self._context)
        cut = LONGEST_SEEN_WHOLE
        while cut > 0 and not BREAKS.match(self._reading, begin + cut - 1):
            cut -= 1
        cut = cut or LONGEST_SEEN_WHOLE
        for finding in findings:
            if finding.end == WINDOW and finding.start == 0:
                self._rest = self._plan.rest_of(finding.entity)
                cut = WINDOW
            elif finding.start < cut < finding.end or finding.end == WINDOW:
                cut = finding.end if finding.end < WINDOW else min(cut, finding.start)
        # A cue before the cut may tell of a value after it, where nothing else would open a window.
        tokens = BREAKS.sub(" ", self._reading[begin : begin + cut]).split(" ")
        self._is_cued = has_trigger(self._plan, " ".join([token for token in tokens if token][-REACH:]))
        return self._passed(begin + cut, [f for f in findings if f.end <= cut], blanked[:cut])

    def _passed(self, end: int, findings: list[Finding], blanked: str) -> Step:
        step = Step(self._text[self._position : end], findings)
        self._context = (self._context + blanked)[-CONTEXT:]
        self._position = end
        return step


def has_trigger(plan: Plan, text: str) -> bool:
    """Whether there is anything in ``text``, already plain, that a scan would look at."""
    first = plan.text_trigger if text.isascii() else plan.unicode_trigger
    if first.search(text):
        return True
    return plan.folded_trigger is not None and plan.folded_trigger.search(fold(text)) is not None


class _Triggers:
    """Where the triggers of a plan stand in a text that grows; each place is looked at about once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._text = self._folded = ""
        self._gates: list[_Gate] = []
        self.text_is("")

    def text_is(self, text: str) -> None:
        """The text has grown to ``text``."""
        self._text = text
        first = self._plan.text_trigger if text.isascii() else self._plan.unicode_trigger
        self._folded = fold(text) if self._plan.folded_trigger else ""
        patterns = [first, *([self._plan.folded_trigger] if self._plan.folded_trigger else [])]
        if len(self._gates) != len(patterns):
            self._gates = [_Gate(pattern) for pattern in patterns]
        for gate, pattern in zip(self._gates, patterns, strict=True):
            gate.use(pattern)

    def moved(self, by: int) -> None:
        """The first ``by`` characters are gone."""
        for gate in self._gates:
            gate.moved(by)

    def first(self, start: int, horizon: int) -> int | None:
        """The first trigger at ``start`` or after it that ends by ``horizon``."""
        places = [
            place
            for gate, text in zip(self._gates, (self._text, self._folded), strict=False)
            if (place := gate.first(text, start, horizon)) is not None
        ]
        return min(places, default=None)


class _Gate:
    """One pattern of triggers, with what is known from the last look: none begins from ``_origin`` to ``_clear``."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._origin = self._clear = 0
        self._found: tuple[int, int] | None = None

    def use(self, pattern: re.Pattern[str]) -> None:
        self._pattern, self._found = pattern, None

    def moved(self, by: int) -> None:
        self._origin, self._clear = max(0, self._origin - by), max(0, self._clear - by)
        self._found = None

    def first(self, text: str, start: int, horizon: int) -> int | None:
        # A window that waits for more text is begun again, so that a look may start before the last one.
        if not self._origin <= start <= (self._found[0] if self._found else self._clear):
            self._origin = self._clear = start
            self._found = None
        if self._found is None:
            match = self._pattern.search(text, self._clear)
            if match is None:
                self._clear = max(self._clear, horizon - LONGEST_TRIGGER)
                return None
            self._found = match.span()
        return self._found[0] if self._found[1] <= horizon else None
