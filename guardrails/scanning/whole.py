"""All findings of a whole text, with their places in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from guardrails.scanning.budget import Budget
from guardrails.scanning.finding import Finding
from guardrails.scanning.json_scan import JsonScan
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Form, Scan, Step

# A long text is fed in slices, so that no single step takes long.
SLICE = 4096


class Located(NamedTuple):
    """A finding and how its value stands in the text."""

    finding: Finding
    form: Form


class Collection:
    """Gathers the steps of a scan, in order.

    Attributes:
        found: the findings so far, with places in the whole text. One that goes on over several steps is one.
    """

    def __init__(self) -> None:
        self.found: list[Located] = []
        self._length = 0

    def add(self, step: Step) -> None:
        begin, self._length = self._length, self._length + len(step.text)
        if step.continues and self.found:
            finding, form = self.found[-1]
            self.found[-1] = Located(replace(finding, end=self._length), form)
        self.found += [Located(finding.moved(begin), step.form) for finding in step.findings]


def steps_of(plan: Plan, text: str, *, is_json: bool, context: str = "") -> Iterator[Step]:
    """The steps of a scan over all of ``text``."""
    scan = (JsonScan if is_json else Scan)(plan, context)
    for start in range(0, len(text), SLICE):
        yield from scan.feed(text[start : start + SLICE])
    yield from scan.finish()


def whole_findings(plan: Plan, text: str, budget: Budget, *, is_json: bool = False) -> tuple[Located, ...]:
    """The findings of ``text``, in order and without overlaps.

    Args:
        plan: what to look for.
        text: of any length.
        budget: what it may take.
        is_json: whether the text is a JSON document in a string.

    Raises:
        BudgetExceededError: it takes longer, and must not go on unscanned.
    """
    collection = Collection()
    for step in budget.spending(len(text)).within(steps_of(plan, text, is_json=is_json)):
        collection.add(step)
    return tuple(collection.found)
