from collections.abc import Callable

import pytest

from guardrails.pii.vietnam import VIETNAM
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan

Values = Callable[[str, str], list[str]]


@pytest.fixture(scope="session")
def values() -> Values:
    """The values of an entity in a text that is scanned with all recognizers of the pack."""
    plan = Plan(VIETNAM)

    def find(entity: str, text: str) -> list[str]:
        scan = Scan(plan)
        return [
            step.text[finding.start : finding.end]
            for step in [*scan.feed(text), *scan.finish()]
            for finding in step.findings
            if finding.entity == entity
        ]

    return find
