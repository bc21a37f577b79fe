"""Values as YAML that every reader reads the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evals.promotion.yaml_text import lines_of
from evals.suites.core_yaml import read_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_whatever_is_written_is_read_again_by_yaml_of_either_version(value: dict[str, Any]) -> None:
    text = "\n".join(lines_of(value)) + "\n"
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "no", "yes", "12:30", "1e3", "0191e2f0-7a3b-4c5d-8e6f-001122334455", "2026-03-01T12:00:00Z", "~", "", " a",
        "a ", "# no comment", "- no item", "a: b", "*anchor", "!tag", "'", '"', "\ttab", "line\nbreak", "\nfirst",
        "last\n", "x" * 500, "two\n\n\nempty", "  indented\nfirst", "trailing \nspace",
        "\u202eright to left", "zero\u200bwidth",
        "\ufeffmark", "\x85next", "\u2028separator", "emoji \U0001f469\u200d\U0001f680", "\x1b[31mred", "a\n   \nb",
    ],
)  # fmt: skip
def test_hostile_texts_come_back_as_they_were(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("\n".join(lines_of([{"vars": {"question": text}, "more": [text, text]}])) + "\n", encoding="utf-8")
    expected = [{"vars": {"question": text}, "more": [text, text]}]
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == expected
    assert read_yaml(file) == expected


def test_long_texts_stand_in_blocks_that_nobody_reflows() -> None:
    text = "A first paragraph which is long.\n\n" + "word " * 60 + "end"
    lines = lines_of({"question": text})
    assert lines[0] == "question: |-"
    assert [line.strip() for line in lines[1:]] == text.split("\n")


def test_what_is_not_seen_is_written_so_that_it_is_seen() -> None:
    (line,) = lines_of({"question": "a\u202eb"})
    assert line == 'question: "a\\u202eb"'
