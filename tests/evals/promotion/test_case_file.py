"""Adding cases to a file that people edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evals.promotion.case import Assertion, PromotedCase, Source
from evals.promotion.case_file import CaseFileError, read_case_file
from evals.suites.core_yaml import read_yaml

SOURCE = Source("0191d2f0-7a3b-4c5d-8e6f-001122334455", "2026-03-01T12:00:00Z", "Relevance 0.1")
OTHER = Source("0191d2f0-7a3b-4c5d-8e6f-001122334466", "2026-03-02T12:00:00Z", "failed: timeout (504)")
CASE = PromotedCase(
    {"question": "How long can I return a jacket?"},
    "How long can I return a jacket?",
    (Assertion("It said this.", "not-icontains", "we do not sell umbrellas"),),
    (SOURCE,),
)
SECOND = replace(CASE, variables={"question": "Where is it?\n\nI wait."}, question="Where is it?", sources=(OTHER,))
EDITED = """\
# Ours: do not touch.

- description:   'by a person'   # odd spacing stays
  vars: {question: Hello}

# The next one matters.
- vars:
    question: how long  can I RETURN a jacket?
  description: edited
  assert:
    - type: icontains   # what a good answer has
      value: 30 days
  metadata:
    id: promoted-edited
    source:
      - request_id: "11111111-1111-4111-8111-111111111111"
        promoted_at: "2026-01-01T00:00:00Z"
        why: >-
          folded by
          hand
    # a comment behind the source

# the end
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "suites" / "shop" / "cases" / "promoted.yaml"


def written(path: Path, *cases: PromotedCase) -> str:
    file = read_case_file(path)
    for case in cases:
        file.add(case)
    file.write()
    return path.read_text(encoding="utf-8")


def test_a_first_case_makes_a_file_that_says_what_it_is(path: Path) -> None:
    text = written(path, CASE)
    assert text.startswith("# Cases that `inferspect eval promote` made")
    assert read_yaml(path) == [
        {
            "description": CASE.description,
            "vars": {"question": "How long can I return a jacket?"},
            "assert": [{"type": "not-icontains", "value": "we do not sell umbrellas"}],
            "metadata": {"id": CASE.id, "source": [SOURCE.as_yaml()]},
        }
    ]
    assert "    # It said this.\n    - type: not-icontains\n" in text


def test_what_a_person_wrote_stays_to_the_letter(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(EDITED, encoding="utf-8")
    text = written(path, SECOND)
    assert text.startswith(EDITED.rstrip("\n"))
    assert len(read_yaml(path)) == 3


def test_a_request_that_asks_the_same_joins_the_case_and_nothing_else_changes(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(EDITED, encoding="utf-8")
    text = written(path, CASE)
    added = [line for line in text.splitlines() if line not in EDITED.splitlines()]
    assert added == [
        f'      - request_id: "{SOURCE.request_id}"',
        f'        promoted_at: "{SOURCE.promoted_at}"',
        '        why: "Relevance 0.1"',
    ]
    assert [line for line in text.splitlines() if line not in added] == EDITED.splitlines()
    assert read_yaml(path)[1]["metadata"]["source"][0]["why"] == "folded by hand"


def test_a_case_whose_input_was_edited_is_known_by_its_id(path: Path) -> None:
    text = written(path, CASE)
    path.write_text(
        text.replace('How long can I return a jacket?"\n  assert', 'For how long?"\n  assert'), encoding="utf-8"
    )
    assert read_yaml(path)[0]["vars"] == {"question": "For how long?"}
    written(path, replace(CASE, sources=(OTHER,)))
    (case,) = read_yaml(path)
    assert [source["request_id"] for source in case["metadata"]["source"]] == [SOURCE.request_id, OTHER.request_id]


@pytest.mark.parametrize("before", ["", "# only a comment\n", "[]\n", "# kept\n[]  # none yet\n", "---\n"])
def test_a_file_without_cases_gets_its_first(path: Path, before: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(before, encoding="utf-8")
    text = written(path, CASE)
    assert len(read_yaml(path)) == 1
    assert [line for line in before.splitlines() if line.startswith("#") and line not in text.splitlines()] == []


@pytest.mark.parametrize(
    "before",
    ["- a: b\n  c: [", "vars: {}\n", "- text\n", "- a: 1\n  a: 2\n", "\tx", "- &a [*a]\n"],
)
def test_a_file_that_is_no_list_of_cases_is_refused_untouched(path: Path, before: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(before, encoding="utf-8")
    with pytest.raises(CaseFileError, match=r"promoted\.yaml"):
        read_case_file(path)
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "before",
    [
        '[{"vars": {"question": "Other"}}]\n',
        "- vars: {question: 'How long can I return a jacket?'}\n  metadata: {source: {request_id: a}}\n",
        "- vars: {question: 'How long can I return a jacket?'}\n",
    ],
)
def test_a_file_in_another_style_is_left_alone_with_a_word(path: Path, before: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(before, encoding="utf-8")
    with pytest.raises(CaseFileError, match="by hand"):
        written(path, CASE)
    assert path.read_text(encoding="utf-8") == before


def test_line_ends_of_windows_stay(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(EDITED.replace("\n", "\r\n").encode())
    written(path, CASE, SECOND)
    content = path.read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert len(read_yaml(path)) == 3


def test_a_file_that_somebody_writes_meanwhile_is_not_written_over(path: Path) -> None:
    written(path, CASE)
    file = read_case_file(path)
    file.add(SECOND)
    path.write_text("# theirs\n", encoding="utf-8")
    with pytest.raises(CaseFileError, match="meanwhile"):
        file.write()
    assert path.read_text(encoding="utf-8") == "# theirs\n"
    assert [one.name for one in path.parent.iterdir()] == ["promoted.yaml"]


def test_the_mode_of_the_file_stays(path: Path) -> None:
    written(path, CASE)
    path.chmod(0o664)
    written(path, SECOND)
    assert path.stat().st_mode & 0o777 == 0o664


def test_descriptions_differ_where_questions_begin_alike() -> None:
    long = "How long " * 40
    cases = [replace(CASE, variables={"question": f"{long}{end}"}, question=f"{long}{end}") for end in "ab"]
    assert len({case.description for case in cases}) == 2
    assert all(len(case.description) < 90 for case in cases)


def test_metadata_that_is_none_does_not_keep_cases_out(path: Path) -> None:
    """Only what asks the same has no place for its source, which is told."""
    path.parent.mkdir(parents=True)
    path.write_text('- vars: {question: "Where is it?"}\n  metadata: to be done\n- metadata: [1]\n', encoding="utf-8")
    file = read_case_file(path)
    assert file.requests() == set()
    assert file.add(CASE)
    with pytest.raises(CaseFileError, match=r"case 1 asks.*add it by hand"):
        file.add(replace(CASE, variables={"question": "Where is it?"}, sources=(OTHER,)))
