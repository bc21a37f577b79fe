from collections.abc import Callable

import pytest

from guardrails.pii.recognizers import GENERAL
from guardrails.scanning.folding import fold, plain, read
from guardrails.scanning.plan import Plan
from guardrails.scanning.recognizer import Recognizer
from guardrails.scanning.resolution import resolved
from guardrails.scanning.scan import Scan

THRESHOLD = 0.35
BEFORE = "The quick brown fox jumps over the lazy dog and rests in the shade of an old oak for a good long while; "
AFTER = " and so it goes on and on without anything else of interest to anybody at all."


def scanned(plan: Plan, text: str) -> list[tuple[str, str]]:
    scan, position, found = Scan(plan), 0, []
    for step in [*scan.feed(text), *scan.finish()]:
        found += [(f.entity, text[position + f.start : position + f.end]) for f in step.findings]
        position += len(step.text)
    assert position == len(text)
    return found


def asked(recognizers: list[Recognizer], text: str) -> list[tuple[str, str]]:
    """What the recognizers themselves find in the whole text, which is not longer than a window."""
    reading = read(plain(text))
    raw = [
        finding
        for recognizer in recognizers
        for finding in recognizer.find(
            fold(reading.text) if recognizer.reads == "folded" else reading.text, 0, len(reading.text)
        )
        if finding.score >= THRESHOLD
    ]
    return [(f.entity, text[reading.place(f.start) : reading.place(f.end)]) for f in resolved(raw)]


@pytest.fixture(scope="session")
def values() -> Callable[[str, str], list[str]]:
    """The values of an entity in a text, which a scan of it alone and within a longer text must find too."""
    plans = {
        entity: Plan([r for r in GENERAL if r.entity == entity], threshold=THRESHOLD)
        for entity in {r.entity for r in GENERAL}
    }

    def values(entity: str, text: str) -> list[str]:
        found = asked([r for r in GENERAL if r.entity == entity], text)
        assert scanned(plans[entity], text) == found
        assert scanned(plans[entity], BEFORE + text + AFTER) == found
        return [value for _, value in found]

    return values


@pytest.fixture(scope="session")
def among_all() -> Callable[[str], list[tuple[str, str]]]:
    """What all recognizers together find in a text."""
    plan = Plan(GENERAL, threshold=THRESHOLD)
    return lambda text: scanned(plan, text)
