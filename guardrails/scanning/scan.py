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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from guardrails.scanning.clues import Sight
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import plain
from guardrails.scanning.plan import BREAK, CONTEXT, Plan
from guardrails.scanning.triggers import UNSURE, Group, Triggers

WINDOW = 128
LONGEST_SEEN_WHOLE = 64
REACH = 5
"""How many tokens after a trigger a value begins at the latest."""

BREAKS = re.compile(rf"[{BREAK}]")
QUIET = re.compile(rf"(?:[{BREAK}]+[^{BREAK}]+){{5}}(?=[{BREAK}])")
QUIET_AT_END = re.compile(rf"(?:[{BREAK}]+[^{BREAK}]+){{5}}(?=[{BREAK}]|\Z)")
# The same where nothing but ASCII stands, in half the time.
ASCII_BREAKS = re.compile(r"\s")
ASCII_QUIET = re.compile(r"(?:\s+\S+){5}(?=\s)")
ASCII_QUIET_AT_END = re.compile(r"(?:\s+\S+){5}(?=\s|\Z)")


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
        self._has_outer_context = bool(context)
        self._is_cued = self._has_outer_context and has_trigger(plan, self._context)
        self._text = ""
        self._reading = ""
        self._position = 0
        self._is_whole = False
        self._rest: re.Pattern[str] | None = None
        self._triggers = Triggers(plan.groups)
        self._last_token = 0

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
        end = len(self._reading)
        self._last_token = self._token_start(end, max(0, end - WINDOW))
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
        sure, passable = self._horizons()
        trigger = self._triggers.first(self._position, sure)
        if trigger is None:
            begin = passable
        else:
            begin = self._token_start(trigger, max(self._position, trigger - LONGEST_SEEN_WHOLE))
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
        """Up to where it is known which triggers begin, and up to where no window can begin any more.

        A trigger stands within a token, and the last one may go on. One that begins in it may still make it the
        beginning of a window, unless the token is longer than that.
        """
        end = len(self._reading)
        if self._is_whole:
            return end, end
        sure = max(self._last_token, end - UNSURE)
        return sure, max(self._last_token, sure - LONGEST_SEEN_WHOLE)

    def _token_start(self, place: int, floor: int) -> int:
        """Where the token begins that goes on up to ``place``, or ``floor`` if it begins before that."""
        breaks = (ASCII_BREAKS if self._reading.isascii() else BREAKS).match
        while place > floor and not breaks(self._reading, place - 1):
            place -= 1
        return place

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
        seen = None if self._has_outer_context else self._triggers.seen
        findings, blanked = self._plan.look(self._reading[begin:end], self._context, seen)
        self._is_cued = False
        return self._passed(end, findings, blanked)

    def _quiet_end(self, trigger: int, limit: int) -> int | None:
        """The end of the five tokens without a trigger that end the window, if that is before ``limit``."""
        at_end = self._is_whole and len(self._reading) <= limit
        if self._reading.isascii():
            breaks, pattern = ASCII_BREAKS, ASCII_QUIET_AT_END if at_end else ASCII_QUIET
        else:
            breaks, pattern = BREAKS, QUIET_AT_END if at_end else QUIET
        while True:
            found = breaks.search(self._reading, trigger, limit)
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


def has_trigger(plan: Plan, text: str, groups: Sequence[Group] | None = None) -> bool:
    """Whether there is anything in ``text``, already plain, that a scan would look at.

    Args:
        plan: what to look for.
        text: already plain.
        groups: those whose triggers may be there; all where it is not known.
    """
    sight = Sight(text)
    for group in plan.groups if groups is None else groups:  # noqa: SIM110  a generator takes twice as long
        if group.matches(sight):
            return True
    return False
