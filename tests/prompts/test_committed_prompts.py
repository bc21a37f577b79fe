"""The prompts of this repository."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

from evals.reports.prompts import write_examples
from inferspect.prompts.library import PromptFolder, usable
from inferspect.prompts.prompt import Prompt

FOLDER = Path(__file__).parents[2] / "promptfoo"


def examples_of(prompt: Prompt) -> list[tuple[str, str]]:
    """What a user says without variables and an answer follows to."""
    name = str(prompt.file.relative_to(FOLDER))
    return [
        (name, asked.source)
        for asked, answer in pairwise(prompt.messages)
        if (asked.role, answer.role) == ("user", "assistant") and not asked.template.variables
    ]


def test_they_are_right_and_their_examples_are_what_reports_look_for_in_suites(tmp_path: Path) -> None:
    shelf = PromptFolder(FOLDER / "prompts").read()
    assert shelf.mistakes == ()
    ours = [example for _, versions in usable(shelf) for prompt in versions for example in examples_of(prompt)]
    assert ours
    assert write_examples(FOLDER, tmp_path / "examples.csv") == len(ours)
    with (tmp_path / "examples.csv").open(encoding="utf-8", newline="") as opened:
        assert sorted(csv.reader(opened)) == sorted([["source", "text"], *map(list, ours)])
