from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guardrails.labelled import Example, Label, LabelledFileError, read_labelled

TEXT = "write to ada@example.com"
PRESIDIO = {
    "full_text": TEXT,
    "masked": "write to {{email}}",
    "spans": [
        {"entity_type": "EMAIL_ADDRESS", "entity_value": "ada@example.com", "start_position": 9, "end_position": 24}
    ],
    "template_id": 7,
    "metadata": None,
}
SIMPLE = {"text": TEXT, "spans": [{"entity": "EMAIL_ADDRESS", "start": 9, "end": 24}]}
LABELLED = {"text": TEXT, "spans": [{"label": "EMAIL_ADDRESS", "start": 9, "end": 24}]}


def span(**changes: Any) -> dict[str, Any]:
    return {"text": TEXT, "spans": [{"entity": "EMAIL_ADDRESS", "start": 9, "end": 24, **changes}]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labelled.jsonl"


@pytest.mark.parametrize("entry", [PRESIDIO, SIMPLE, LABELLED])
def test_each_format_is_read(file: Path, entry: dict[str, Any]) -> None:
    """As JSON lines, with blank ones between, and as an array."""
    expected = (Label("EMAIL_ADDRESS", 9, 24),)
    file.write_text(f"\n{json.dumps(entry)}\n\n{json.dumps(SIMPLE)}\n")
    assert read_labelled(file) == [Example("line 2", TEXT, expected), Example("line 4", TEXT, expected)]
    file.write_text(json.dumps([entry, entry], indent=2))
    assert read_labelled(file) == [Example("entry 1", TEXT, expected), Example("entry 2", TEXT, expected)]


def test_a_text_without_labels_is_an_example(file: Path) -> None:
    """It tells of false alarms."""
    file.write_text(json.dumps({"text": "nothing here", "spans": []}))
    assert read_labelled(file) == [Example("line 1", "nothing here", ())]


def test_places_count_characters(file: Path) -> None:
    """Not bytes, and a line separator inside of a text does not end its line."""
    text = "\u2028Đặng 😀 ada@example.com"
    start = text.index("ada")
    entry = {
        "text": text,
        "spans": [{"entity": "EMAIL_ADDRESS", "value": "ada@example.com", "start": start, "end": 23}],
    }
    file.write_text("\ufeff" + json.dumps(entry, ensure_ascii=False), encoding="utf-8")
    assert read_labelled(file)[0].labels == (Label("EMAIL_ADDRESS", start, 23),)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 1: no valid JSON at column 2"),
        ("7", "line 1: it is no object"),
        ("{}", "line 1: it has no `full_text` or `text`"),
        ('{"text": "a"}', "line 1: it has no `spans`"),
        ('{"text": 7, "spans": []}', "line 1: `text` must be a text"),
        ('{"text": "a", "spans": {}}', "line 1: `spans` must be a list"),
        ('{"text": "a", "spans": [7]}', "line 1: span 1: it is no object"),
        (json.dumps(span(entity=None)), "line 1: span 1: `entity` must be a text"),
        (json.dumps(span(start="9")), "line 1: span 1: `start` must be a whole number"),
        (json.dumps(span(start=True)), "line 1: span 1: `start` must be a whole number"),
        (json.dumps(span(end=9)), "line 1: span 1: 9 to 9 is no place in a text of 24 characters"),
        (json.dumps(span(end=25)), "line 1: span 1: 9 to 25 is no place in a text of 24 characters"),
        (json.dumps(span(start=-1)), "line 1: span 1: -1 to 24 is no place"),
        (json.dumps(span(value="ada@example.org")), "line 1: span 1: at 9 to 24 stands another value than it names"),
        ("[" * 100_000, "no "),
        ("[1", "the array: no valid JSON at column 3"),
        ("[7]", "entry 1: it is no object"),
        ("", "it holds no labelled text"),
        ("[]", "it holds no labelled text"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(file: Path, line: str, problem: str) -> None:
    file.write_text(line)
    with pytest.raises(LabelledFileError) as wrong:
        read_labelled(file)
    assert problem in str(wrong.value)
    assert "ada@" not in str(wrong.value)


def test_all_problems_are_told_at_once(file: Path) -> None:
    """And nothing is read by half."""
    file.write_text("\n".join([json.dumps(SIMPLE), "{", json.dumps(SIMPLE), "7"]))
    with pytest.raises(LabelledFileError) as wrong:
        read_labelled(file)
    assert [problem.partition(":")[0] for problem in wrong.value.problems] == ["line 2", "line 4"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa"])
def test_a_file_that_cannot_be_read_is_named(file: Path, content: bytes | None) -> None:
    """It is not there, or no UTF-8."""
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LabelledFileError, match="cannot be read"):
        read_labelled(file)
