from collections.abc import Callable

import pytest

from guardrails.pii.person import PERSON
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan

Names = Callable[[str], list[tuple[int, int]]]


@pytest.fixture(scope="session")
def places() -> Names:
    """Where names stand in a text that is scanned."""
    plan = Plan([PERSON])

    def find(text: str) -> list[tuple[int, int]]:
        scan, position = Scan(plan), 0
        found = []
        for step in [*scan.feed(text), *scan.finish()]:
            found += [(position + finding.start, position + finding.end) for finding in step.findings]
            position += len(step.text)
        return found

    return find
