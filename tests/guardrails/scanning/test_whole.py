import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.scanning.budget import Budget, BudgetExceededError
from guardrails.scanning.finding import Finding
from guardrails.scanning.json_scan import JsonScan
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan
from guardrails.scanning.whole import SLICE, whole_findings


class Pattern:
    reads = "text"

    def __init__(self, entity: str, trigger: str, pattern: str) -> None:
        self.entity, self.trigger = entity, trigger
        self._pattern = re.compile(pattern)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self._pattern.finditer(text, start, end):
            yield Finding(self.entity, match.start(), match.end(), 0.5)


PLAN = Plan(
    [
        Pattern("MAIL", "@", r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
        Pattern("CARD", r"\d", r"(?<!\d)\d{16}(?!\d)"),
        Pattern("KEY", r"\bsk-", r"\bsk-[a-z0-9]{8,}"),
    ]
)
UNLIMITED = Budget(base=1e9)
PIECES = st.sampled_from(["a@b.com", " ", "sk-" + "a9" * 300, "x" * 900, '"', "\\u0040", "4111111111111111", ",", "é"])
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def values(text: str, *, is_json: bool = False) -> list[tuple[str, str, str]]:
    return [
        (finding.entity, text[finding.start : finding.end], form)
        for finding, form in whole_findings(PLAN, text, UNLIMITED, is_json=is_json)
    ]


def test_findings_have_their_places_in_the_whole_text() -> None:
    text = "a@b.com and " * 1000
    assert values(text) == [("MAIL", "a@b.com", "text")] * 1000


@pytest.mark.parametrize("is_json", [False, True])
def test_a_value_of_many_pieces_is_one_finding(is_json: bool) -> None:
    key = "sk-" + "a9" * SLICE
    text = f'["{key}", "a@b.com"]'
    form = "json_string" if is_json else "text"
    assert values(text, is_json=is_json)[0][1].startswith(key)
    assert values(text, is_json=True) == [("KEY", key, "json_string"), ("MAIL", "a@b.com", "json_string")]
    assert {each[2] for each in values(text, is_json=is_json)} == {form}


def test_each_finding_says_how_its_value_stands() -> None:
    text = r'{"a": "x\u0040y.com", "b": 4111111111111111} a@b.com'
    assert values(text, is_json=True) == [
        ("MAIL", r"x\u0040y.com", "json_string"),
        ("CARD", "4111111111111111", "json_bare"),
        ("MAIL", "a@b.com", "text"),
    ]


@given(TEXTS, st.booleans())
def test_slices_make_no_difference(text: str, is_json: bool) -> None:
    scan = JsonScan(PLAN) if is_json else Scan(PLAN)
    starts, length = [], 0
    for steps in (scan.feed(text), scan.finish()):
        for step in steps:
            starts += [length + finding.start for finding in step.findings]
            length += len(step.text)
    assert [each.finding.start for each in whole_findings(PLAN, text, UNLIMITED, is_json=is_json)] == starts


@given(TEXTS, st.booleans())
def test_findings_are_in_order_and_do_not_overlap(text: str, is_json: bool) -> None:
    found = whole_findings(PLAN, text, UNLIMITED, is_json=is_json)
    places = [place for finding, _ in found for place in (finding.start, finding.end)]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


def test_a_text_beyond_its_budget_has_no_findings() -> None:
    with pytest.raises(BudgetExceededError):
        whole_findings(PLAN, "a@b.com " * 1000, Budget(base=0, per_kilobyte=0))
