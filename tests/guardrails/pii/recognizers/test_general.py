"""What holds for all general recognizers together."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.pii.recognizers import GENERAL
from guardrails.pii.recognizers.cues import DIGITS
from guardrails.pii.recognizers.email import top_level_domains
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import plain
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import WINDOW, Scan
from inferspect.tenancy.entities import ENTITIES

SIGNS = st.text(alphabet="0123456789abcdefABCDEFxXnN@.:-/+()[] %&?=~_#,;\n'\"\u00a0\u200bđ", max_size=200)
VALUES = st.sampled_from([
    "jane.doe@example.com", "4111 1111 1111 1111", "DE89370400440532013000", "192.0.2.17",
    "2001:db8::1", "219-09-9998",
    "(212) 555-0123", "+44 20 7946 0958", "https://a:b@example.com/", "born on ", "14 March 1980", "ngày sinh ",
    "call ",
    "00:1B:44:11:3A:B7",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "0x", "https://",
    "linkedin.com/in/", "?email=", "march ",
])  # fmt: skip
TEXTS = st.lists(VALUES | SIGNS | st.text(max_size=20), max_size=8).map("".join)
HOSTILE = [
    "a.", "1", "a@", "1-", "1 ", "12 34 ", "a@a.", "+1", "+1 2 ", "AB12", "1:", "1.", "(", "4111 ", "a.b@c-", " 0",
    " 001", "GB29 NWBK ", "1(", "::", "::1 ", "x-", "@", "4 1 1 ",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed ",
    "https://a.b/", "http://", "/users/a.", "born 1 ", "born jan ", "bc1q", "1/1/", "%40", "a%40", "call 12 345 6 ",
    "x.com/", "?name=", "-00", "00-00-", "é1", "1\u200b",
]  # fmt: skip


class Counted:
    """A recognizer that counts how many characters it was asked to read."""

    def __init__(self, recognizer: object) -> None:
        self._recognizer = recognizer
        self.entity, self.reads, self.trigger = recognizer.entity, recognizer.reads, recognizer.trigger
        self.read = 0

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        self.read += end - start
        yield from self._recognizer.find(text, start, end)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_no_text_is_too_much(text: str) -> None:
    """Findings lie within what was asked about, whatever stands there."""
    for recognizer in GENERAL:
        for start, end in ((0, len(text)), (len(text) // 3, len(text) * 2 // 3)):
            for finding in recognizer.find(text, start, end):
                assert start <= finding.start < finding.end <= end
                assert 0 <= finding.score <= 1


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_masking_what_was_found_leaves_nothing_to_find(text: str) -> None:
    """A text without its values is clean; what a value hid from view is found with it."""
    plan = Plan(GENERAL)
    position, pieces = 0, []
    scan = Scan(plan)
    for step in [*scan.feed(text), *scan.finish()]:
        position = 0
        for finding in step.findings:
            pieces += step.text[position : finding.start], "<" * (finding.end - finding.start)
            position = finding.end
        pieces.append("<" * len(step.text) if step.continues else step.text[position:])
    window = plain("".join(pieces))[:WINDOW]
    assert plan.look(window, "")[0] == []


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_a_text_in_pieces_has_the_same_findings_as_the_whole(text: str, sizes: list[int]) -> None:
    plan = Plan(GENERAL)

    def found(pieces: list[str]) -> list[tuple[str, int, int]]:
        scan, position, places = Scan(plan), 0, []
        for steps in [*(scan.feed(piece) for piece in pieces), scan.finish()]:
            for step in steps:
                places += [(f.entity, position + f.start, position + f.end) for f in step.findings]
                position += len(step.text)
        return places

    pieces, position = [], 0
    for size in itertools.cycle(sizes):
        if position >= len(text):
            break
        pieces.append(text[position : position + size])
        position += size
    assert found(pieces) == found([text])


@pytest.mark.parametrize("unit", HOSTILE)
def test_each_character_is_read_a_bounded_number_of_times(unit: str) -> None:
    """Whatever a text is made of, recognizers read it in windows, and no part of it more than a few times."""
    counted = [Counted(recognizer) for recognizer in GENERAL]
    text = (unit * 100_000)[:100_000]
    scan = Scan(Plan(counted))
    assert sum(len(step.text) for step in [*scan.feed(text), *scan.finish()]) == len(text)
    assert max(recognizer.read for recognizer in counted) <= 8 * len(text)


def test_entities_are_those_that_need_no_pack_and_no_model() -> None:
    general = {e.name for e in ENTITIES.values() if e.guardrail == "pii" and e.pack == "general"}
    of_names = {name for name in general if ENTITIES[name].opt_in and name != "UUID"}
    assert {recognizer.entity for recognizer in GENERAL} == general - of_names


@pytest.mark.parametrize("name", sorted({recognizer.entity for recognizer in GENERAL}))
def test_the_example_of_each_entity_is_found(name: str, among_all: Callable[[str], list[tuple[str, str]]]) -> None:
    assert [entity for entity, _ in among_all(ENTITIES[name].example)] == [name]


def test_triggers_keep_the_protocol() -> None:
    """Those of digits are one and the same, and none captures or looks at white space."""
    for recognizer in GENERAL:
        pattern = re.compile(recognizer.trigger)
        assert pattern.groups == 0
        assert pattern.search(" \n\t ") is None
        assert recognizer.trigger == DIGITS or not pattern.search("1234567890")


def test_top_level_domains_are_read_with_their_encoded_names() -> None:
    domains = top_level_domains()
    assert {"com", "vn", "museum", "рф", "xn--p1ai"} <= domains
    assert not {"", "invalidtld", "local", "png"} & domains


def test_recognizers_are_light() -> None:
    """They are loaded in each pool process: no spaCy, no Presidio engine, no HTTP client."""
    program = (
        "import sys, guardrails.pii.recognizers;"
        "heavy = ('spacy', 'presidio', 'tldextract', 'requests', 'litellm', 'numpy');"
        "assert not [name for name in sys.modules if name.startswith(heavy)]"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=dict(os.environ))
