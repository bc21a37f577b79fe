import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.scanning.finding import Finding
from guardrails.scanning.json_scan import JsonScan
from guardrails.scanning.json_strings import unescaped
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import WINDOW, Scan, Step

LONGEST_ESCAPE = 12


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
        Pattern("PHONE", "[Pp]hone", r"(?<=phone: )\+?\d{9,12}(?!\d)"),
        Pattern("NAME", r"\bmr\b", r"(?<=mr )[a-z]+(?: [a-z]+)?", "folded"),
        Pattern("KEY", r"\bsk-", r"\bsk-[a-z0-9]{8,}"),
    ]
)

MAIL, CARD, NUMBER = "jane.roe@example.com", "4111 1111 1111 1111", 4111111111111111
PIECES = [
    MAIL, CARD, "0912345678", " ", ", ", "\n", "the quick brown fox ", "Mr ", "Đỗ Văn", "sk-abcdefghijkl", "phone", "@",
    "sk-" + "a9" * 100, "a" * 90, "漢字", "😀", "\ud83d", "\ude00", '"', "\\", "\\u0040", "e\u0301", "<MAIL>",
]  # fmt: skip
STRINGS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=60)


class Members(list[Any]):
    """A dictionary that may have a key twice, as one has whose keys were masked."""


LEAVES = (
    STRINGS
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False)
    | st.sampled_from([NUMBER, -NUMBER])
)
VALUES = st.recursive(
    LEAVES,
    lambda below: st.lists(below, max_size=5) | st.dictionaries(STRINGS | st.just("phone"), below, max_size=5),
    max_leaves=12,
)
WRITTEN = st.builds(
    lambda value, ascii_, separators, indent: json.dumps(
        value, ensure_ascii=ascii_, separators=separators, indent=indent
    ),
    VALUES, st.booleans(), st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]), st.sampled_from([None, 0, 3]),
)  # fmt: skip
SIGNS = st.sampled_from(
    [*'"\\{}[]:,', "\\u", "\\ud83d", "\\u004", " ", "x", "'", "12", MAIL, NUMBER, CARD, "\n", "null"]
)


@st.composite
def broken(draw: st.DrawFn) -> str:
    text = draw(WRITTEN)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + str(draw(SIGNS)) + text[start + draw(st.integers(0, 3)) :]
    return text


ANY = WRITTEN | broken() | STRINGS


def steps_of(scan: Scan | JsonScan, pieces: list[str]) -> Iterator[Step]:
    for piece in pieces:
        yield from scan.feed(piece)
    yield from scan.finish()


def masked(pieces: list[str], scan: Scan | JsonScan | None = None) -> str:
    output = []
    for step in steps_of(JsonScan(PLAN) if scan is None else scan, pieces):
        if step.continues:
            continue
        position = 0
        for finding in step.findings:
            mark = f"[{finding.entity}]"
            output += step.text[position : finding.start], f'"{mark}"' if step.form == "json_bare" else mark
            position = finding.end
        output.append(step.text[position:])
    return "".join(output)


def masked_leaf(leaf: Any, context: str) -> Any:
    if isinstance(leaf, str):
        return masked([leaf], Scan(PLAN, context))
    if leaf is None or isinstance(leaf, bool):
        return leaf
    written = json.dumps(leaf)
    mark = re.search(r"\[[A-Z]+\]", masked([written], Scan(PLAN, context)))
    return mark.group() if mark else leaf


def masked_value(value: Any, context: str = "", outer: str = "") -> Any:
    """The document with each leaf masked by itself."""
    if isinstance(value, Members):
        below = context.removeprefix(outer)
        return Members(
            (masked_leaf(key, below), masked_value(each, f"{below}{key[-64:]}: " if key else below, below))
            for key, each in value
        )
    if isinstance(value, list):
        return [masked_value(each, context, outer) for each in value]
    return masked_leaf(value, context)


def parsed(text: str) -> Any:
    return json.loads(text, object_pairs_hook=Members)


def cut(text: str, chance: random.Random, longest: int) -> list[str]:
    pieces, position = [], 0
    while position < len(text):
        length = chance.randint(1, longest)
        pieces.append(text[position : position + length])
        position += length
    return pieces


@given(WRITTEN)
def test_a_document_is_masked_leaf_by_leaf_and_stays_one(text: str) -> None:
    assert parsed(masked([text])) == masked_value(parsed(text))


@given(ANY, st.randoms(use_true_random=False))
def test_a_document_in_pieces_has_the_same_findings_as_the_whole(text: str, chance: random.Random) -> None:
    whole = masked([text])
    for longest in (1, 3, 40, 200):
        assert masked(cut(text, chance, longest)) == whole


@given(ANY, st.randoms(use_true_random=False))
def test_steps_give_the_document_without_loss(text: str, chance: random.Random) -> None:
    assert "".join(step.text for step in steps_of(JsonScan(PLAN), cut(text, chance, 9))) == text


@given(ANY)
def test_findings_lie_in_their_step_in_order_and_without_overlaps(text: str) -> None:
    for step in steps_of(JsonScan(PLAN), [text]):
        places = [place for finding in step.findings for place in (finding.start, finding.end)]
        assert places == sorted(places)
        assert all(0 <= place <= len(step.text) for place in places)


@given(ANY)
def test_never_more_than_128_characters_and_an_escape_are_held_back(text: str) -> None:
    scan = JsonScan(PLAN)
    for character in text:
        for _ in scan.feed(character):
            pass
        assert scan.held_back < WINDOW + LONGEST_ESCAPE


def found(text: str) -> list[tuple[str, str, str]]:
    return [
        (finding.entity, step.text[finding.start : finding.end], step.form)
        for step in steps_of(JsonScan(PLAN), [text])
        for finding in step.findings
    ]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (r'{"a": "jane\u0040example.com"}', [("MAIL", r"jane\u0040example.com", "json_string")]),
        (r'["\u006a\u0061ne@example.com!"]', [("MAIL", r"\u006a\u0061ne@example.com", "json_string")]),
        (r'["x\njane@example.com\ny"]', [("MAIL", "jane@example.com", "json_string")]),
        (r'["x\\njane@example.com"]', [("MAIL", "njane@example.com", "json_string")]),
        (r'["\ud83d\ude00jane@example.com"]', [("MAIL", "jane@example.com", "json_string")]),
        (r'["\ud83djane@example.com"]', [("MAIL", "jane@example.com", "json_string")]),
        (r'["\"jane@example.com\""]', [("MAIL", "jane@example.com", "json_string")]),
        ('{"jane@example.com": 1}', [("MAIL", "jane@example.com", "json_string")]),
        ('{"a": 4111111111111111}', [("CARD", "4111111111111111", "json_bare")]),
        ('[-4111111111111111, "x"]', [("CARD", "-4111111111111111", "json_bare")]),
        ("[4111111111111111.5]", [("CARD", "4111111111111111.5", "json_bare")]),
        ('\ufeff["jane\\u0040example.com"]', [("MAIL", r"jane\u0040example.com", "json_string")]),
        (r'["\u003cMAIL\u003e"]', [("PLACEHOLDER", r"\u003cMAIL\u003e", "json_string")]),
        ("4111111111111111", [("CARD", "4111111111111111", "json_bare")]),
        (" \n4111111111111111 \n", [("CARD", "4111111111111111", "json_bare")]),
        ("4111 1111 1111 1111", [("CARD", "4111 1111 1111 1111", "text")]),
        ("4111111111111111 a@b.com", [("CARD", "4111111111111111", "json_bare"), ("MAIL", "a@b.com", "text")]),
        ("[4111,1111,1111,1111]", []),
        ('{"phone": "0912345678"}', [("PHONE", "0912345678", "json_string")]),
        ('{"phone" :\n0912345678}', [("PHONE", "0912345678", "json_bare")]),
        ('{"phone": [{}, "0912345678", 0]}', [("PHONE", "0912345678", "json_string")]),
        ('{"phone": 1, "b": "0912345678"}', []),
        ('{"phone": {"b": 1}, "c": "0912345678"}', []),
        ('{phone: "0912345678"}', [("PHONE", "0912345678", "json_string")]),
        ("{phone: 0912345678}", [("PHONE", "0912345678", "text")]),
        ('{"mr": null, "name": "Mr Roe"}', [("NAME", "Roe", "json_string")]),
        ('{"a": "he said "write to jane@example.com" now"}', [("MAIL", "jane@example.com", "text")]),
        ('{"a": "x"", "b": "a@b.com, 4111 1111 1111 1111"}', [("MAIL", "a@b.com", "text"), ("CARD", CARD, "text")]),
        ('{"a": "jane@example.com', [("MAIL", "jane@example.com", "json_string")]),
        ('{"a": "jane@example.com\\', [("MAIL", "jane@example.com", "json_string")]),
        ('{"a": jane@example.com}', [("MAIL", "jane@example.com", "text")]),
        ("write to jane@example.com", [("MAIL", "jane@example.com", "text")]),
        ("true, jane@example.com", [("MAIL", "jane@example.com", "text")]),
        ('{"a":1}{"b":"jane@example.com"}', [("MAIL", "jane@example.com", "json_string")]),
        ('{"a": 1, "b": [true, null, 1.5e3, "x"]}', []),
        ("", []), ("  ", []), ('"', []), ("{", []), ("\\", []),
    ],
)  # fmt: skip
def test_values_are_found_where_they_stand(text: str, findings: list[tuple[str, str, str]]) -> None:
    assert found(text) == findings
    assert [
        (finding.entity, step.form) for step in steps_of(JsonScan(PLAN), list(text)) for finding in step.findings
    ] == [(entity, form) for entity, _, form in findings]


@given(STRINGS, st.booleans())
def test_what_a_string_says_is_what_a_parser_reads(text: str, ascii_: bool) -> None:
    written = json.dumps(text, ensure_ascii=ascii_)
    assert unescaped(written[1:-1]) == json.loads(written)


@pytest.mark.parametrize("size", [1_000, 20_000])
@pytest.mark.parametrize("piece", ["[", "{", '{"a":', '"', "\\", "]", "1", "@", ":", '"",', "\\ud83d", "a.", "<A"])
@pytest.mark.parametrize("before", ["", '["', "{"])
def test_hostile_documents_come_out_as_they_went_in(before: str, piece: str, size: int) -> None:
    text = before + piece * size
    assert "".join(step.text for step in steps_of(JsonScan(PLAN), [text])) == text
