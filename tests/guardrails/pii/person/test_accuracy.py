"""Precision and recall on labelled texts.

Those held out were written before the recognizer and never tuned on; the hard ones show what it does not find.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

Places = Callable[[str], list[tuple[int, int]]]


def labelled(name: str) -> list[tuple[str, set[tuple[int, int]]]]:
    """Texts with the places of the names in them."""
    cases = []
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        text, names = "", set()
        for index, part in enumerate(re.split(r"\[\[|\]\]", line.replace("\\n", "\n"))):
            if index % 2:
                names.add((len(text), len(text) + len(part)))
            text += part
        cases.append((text, names))
    return cases


@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [("labelled_tuned.txt", 0.97, 0.97), ("labelled_held_out.txt", 0.94, 0.94), ("labelled_hard.txt", 0.7, 0.15)],
)
def test_names_are_found_and_little_else(places: Places, name: str, precision: float, recall: float) -> None:
    right = found = wanted = 0
    for text, names in labelled(name):
        places_found = set(places(text))
        right += len(places_found & names)
        found += len(places_found)
        wanted += len(names)
    assert right / found >= precision
    assert right / wanted >= recall
