"""What is looked through in a JSON document: a string, or what stands without quotes.

Both are used like a :class:`~guardrails.scanning.scan.Scan`, with raw text fed and steps over raw text given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from guardrails.scanning.finding import Finding
from guardrails.scanning.json_context import LONGEST_SAID
from guardrails.scanning.json_strings import Unescaping
from guardrails.scanning.plan import Plan
from guardrails.scanning.resolution import resolved
from guardrails.scanning.scan import Form, Scan, Step


class StringLeaf:
    """A string, without its quotes.

    Args:
        plan: what to look for.
        context: the keys above it.

    Attributes:
        said: the end of what it says.
    """

    def __init__(self, plan: Plan, context: str) -> None:
        self._scan = Scan(plan, context)
        self._reading = Unescaping()
        self.said = ""

    @property
    def held_back(self) -> int:
        return self._scan.held_back

    def feed(self, raw: str) -> Iterator[Step]:
        """Add a piece, which must not end inside of an escape."""
        said = self._reading.read(raw)
        self.said = (self.said + said)[-LONGEST_SAID:]
        return map(self._in_document, self._scan.feed(said))

    def finish(self) -> Iterator[Step]:
        return map(self._in_document, self._scan.finish())

    def _in_document(self, step: Step) -> Step:
        places = [place for finding in step.findings for place in (finding.start, finding.end)]
        raw, places = self._reading.take(len(step.text), places)
        findings = [
            replace(finding, start=start, end=end)
            for finding, start, end in zip(step.findings, places[::2], places[1::2], strict=True)
        ]
        return Step(raw, findings, step.continues, "json_string")


class BareLeaf:
    """A number or a literal, and what follows it up to the next sign or quote; in a document that is right, blanks.

    A value that is part of the number takes all of it, so that what is written in its place, in quotes, is JSON again.

    Args:
        plan: what to look for.
        context: the keys above it.
        length: of the number or literal; ``None`` if it is so long that it is not waited for.
        is_literal: such as ``null``, in which nothing is found.
    """

    def __init__(self, plan: Plan, context: str, length: int | None, *, is_literal: bool) -> None:
        self._scan = Scan(plan, context)
        self._is_short = length is not None
        self._number_end: float = math.inf if length is None else length
        self._is_literal = is_literal
        self._fed = self._given = 0
        self._form: Form = "json_bare"

    @property
    def held_back(self) -> int:
        return self._scan.held_back

    def feed(self, raw: str) -> Iterator[Step]:
        self._fed += len(raw)
        return self._in_document(self._scan.feed(raw))

    def finish(self) -> Iterator[Step]:
        return self._in_document(self._scan.finish())

    def number_ended(self) -> None:
        """All of a long number has been fed."""
        self._number_end = self._fed

    def _in_document(self, steps: Iterator[Step]) -> Iterator[Step]:
        for step in steps:
            begin, self._given = self._given, self._given + len(step.text)
            if step.continues:
                yield replace(step, form=self._form)
            elif begin >= self._number_end or not step.findings:
                yield self._noted(step.text, step.findings, "text")
            else:
                yield from self._with_number(step, begin)

    def _with_number(self, step: Step, begin: int) -> Iterator[Step]:
        end = min(self._number_end - begin, len(step.text))
        inside = [finding for finding in step.findings if finding.end <= end]
        after = step.findings[len(inside) :]
        if self._is_literal:
            inside = []
        # A value that goes on beyond the number means that this is no JSON.
        cut = int(min([end, *(finding.start for finding in after)]))
        if self._is_short and begin == 0 and cut == self._number_end:
            inside = resolved(replace(finding, start=0, end=cut) for finding in inside)
        if inside:
            yield self._noted(step.text[:cut], inside, "json_bare")
        else:
            cut = 0
        if cut < len(step.text):
            yield self._noted(step.text[cut:], [finding.moved(-cut) for finding in after], "text")

    def _noted(self, text: str, findings: list[Finding], form: Form) -> Step:
        if findings:
            self._form = form
        return Step(text, findings, form=form)
