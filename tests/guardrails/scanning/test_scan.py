import random
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import WINDOW, Scan


class Pattern:
    def __init__(self, entity: str, trigger: str, pattern: str, reads: str = "text") -> None:
        self.entity, self.trigger, self.reads = entity, trigger, reads
        self._pattern = re.compile(pattern)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self._pattern.finditer(text, start, end):
            yield Finding(self.entity, match.start(), match.end(), 0.5)


PLAN = Plan(
    [
        Pattern("MAIL", "@", r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
        Pattern("CARD", r"\d", r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?!\d)"),
        Pattern("PHONE", r"\d", r"(?<![\w.])\+?\d{2,4}(?:[ .-]\d{2,4}){2,3}(?!\w)"),
        Pattern("NAME", r"\bmr\b", r"(?<=mr )[a-z]+(?: [a-z]+)?", "folded"),
        Pattern("KEY", r"\bsk-", r"\bsk-[a-z0-9]{8,}"),
    ]
)

PIECES = [
    "jane.roe@example.com", "4111 1111 1111 1111", "4111-1111-1111-1111", "+84 912 345 678", "091-234-5678", " ", " ",
    " ", " ", "\n", ", ", ". ", "the quick brown fox", "Mr ", "Đỗ Văn", "sk-abcdefghijkl", "12", "7", "@", "a" * 90,
    "x1" * 90, "漢字", "\u200b", "e\u0301", "<MAIL>", "<P", "\ud800", "sk-" + "a9" * 100, "%40",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=400)


def masked(pieces: list[str]) -> tuple[str, int]:
    """The text with its findings replaced, and the longest hold-back."""
    scan, output, longest = Scan(PLAN), [], 0
    for piece in [*pieces, None]:
        for step in scan.finish() if piece is None else scan.feed(piece):
            position = 0
            for finding in () if step.continues else step.findings:
                output += step.text[position : finding.start], f"[{finding.entity}]"
                position = finding.end
            output.append("" if step.continues else step.text[position:])
        longest = max(longest, scan.held_back)
    return "".join(output), longest


@given(TEXTS, st.randoms(use_true_random=False))
def test_a_text_in_pieces_has_the_same_findings_as_the_whole(text: str, chance: random.Random) -> None:
    whole, _ = masked([text])
    for longest in (1, 3, 40, 200):
        pieces, position = [], 0
        while position < len(text):
            length = chance.randint(1, longest)
            pieces.append(text[position : position + length])
            position += length
        assert masked(pieces)[0] == whole


@given(TEXTS)
def test_never_more_than_128_characters_are_held_back(text: str) -> None:
    assert masked(list(text))[1] <= WINDOW


@given(TEXTS)
def test_steps_give_the_text_without_loss(text: str) -> None:
    scan = Scan(PLAN)
    assert (
        "".join(step.text for character in text for step in scan.feed(character))
        + "".join(step.text for step in scan.finish())
        == text
    )


@pytest.mark.parametrize("before", ["", "x " * 40, "a" * 200, "1 " * 70, "2026 is " * 30, "漢字" * 80])
@pytest.mark.parametrize("value", ["jane.roe@example.com", "4111 1111 1111 1111", "sk-abcdefghijkl"])
def test_a_value_is_found_wherever_it_stands(before: str, value: str) -> None:
    for shift in range(0, 130, 7):
        text = f"{'y' * shift} {before} and {value} and so on"
        assert value not in masked([text])[0]


@pytest.mark.parametrize(("context", "found"), [("Mr ", 1), ("mr: Mr ", 1), ("Ms ", 0), ("", 0)])
def test_a_cue_in_the_context_counts_as_one_in_the_text(context: str, found: int) -> None:
    scan = Scan(PLAN, context)
    steps = [*(step for character in "John Doe went" for step in scan.feed(character)), *scan.finish()]
    assert sum(len(step.findings) for step in steps) == found
    assert "".join(step.text for step in steps) == "John Doe went"


def test_a_window_that_ends_with_the_text_begins_at_its_first_trigger() -> None:
    plan = Plan([Pattern("STAY", r"\d", r"\d+ nights in room \d+ at the \d+ stars hotel")])
    scan = Scan(plan)
    steps = [*scan.feed("12 nights in room 5 at the 4 stars hotel"), *scan.finish()]
    assert [(f.start, f.end) for step in steps for f in step.findings] == [(0, 40)]


def test_a_cue_is_not_lost_where_a_long_window_is_cut() -> None:
    for shift in range(70):
        text = f"{'1 ' * shift}Mr John Doe {'1 ' * 70}"
        assert "John" not in masked([text])[0]
