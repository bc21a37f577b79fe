"""Examples and cases out of the files of prompts and suites."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evals.reports.prompts import write_cases, write_examples
from inferspect.configuration_file import ConfigurationError

PROMPT = """---
name: support
version: 1
---
# system
You help. # user
# user
Where is my parcel?
# assistant
On its way.
# user
{{ question }}
"""
CASES = """
- description: late parcel
  vars: {question: "My parcel is late", documents: ["Parcels take a week."]}
- vars: {question: "Other"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("prompts/support/v1.md", PROMPT), ("suites/support/cases/own.yaml", CASES)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8") as opened:
        return list(csv.reader(opened))[1:]


def test_an_example_is_what_an_answer_follows_to(folder: Path) -> None:
    """The place of a variable is none, nor is a heading in the middle of a line."""
    assert write_examples(folder, folder / "examples.csv") == 1
    assert rows(folder / "examples.csv") == [["prompts/support/v1.md", "Where is my parcel?"]]


def test_a_case_is_its_variables(folder: Path) -> None:
    assert write_cases(folder, folder / "cases.csv") == 3
    name = "suites/support/cases/own.yaml"
    assert rows(folder / "cases.csv") == [
        [f"{name}: late parcel", "My parcel is late"],
        [f"{name}: late parcel", "Parcels take a week."],
        [f"{name}: 2", "Other"],
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"- {",
        b"\xff",
        b"- vars: &a [*a]",
        b"- vars: " + b"[" * 3000 + b"]" * 3000,
        b"- vars: {q: a, q: b}",
        b'- vars: {q: "\\ud800"}',
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder: Path, content: bytes) -> None:
    """Of cases, also where it is nested without end."""
    (folder / "suites/support/cases/broken.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"broken.yaml"):
        write_cases(folder, folder / "cases.csv")


def test_a_prompt_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "prompts/support/v2.md").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=r"v2.md"):
        write_examples(folder, folder / "examples.csv")
