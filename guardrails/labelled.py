"""Reads labelled files: texts, and where in them which values stand.

Two formats are read, as JSON lines or as one JSON array, and may be mixed:

- that of Presidio's presidio-research: ``{"full_text": ..., "spans": [{"entity_type": ..., "entity_value": ...,
  "start_position": ..., "end_position": ...}]}``
- a simple one: ``{"text": ..., "spans": [{"entity": ..., "start": ..., "end": ...}]}``, or ``label`` for ``entity``

Places count characters from 0, and an end is the place after the last one. Other keys are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

TEXT = ("full_text", "text")
LABEL = ("entity_type", "entity", "label")
START = ("start_position", "start")
END = ("end_position", "end")
VALUE = ("entity_value", "value")


class Label(NamedTuple):
    """One value that stands in a text."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """A text with all its labels; ``place`` is where it stands in the file, such as ``line 3``."""

    place: str
    text: str
    labels: tuple[Label, ...]


class LabelledFileError(Exception):
    """A labelled file cannot be used; the message names every problem with its place."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join([f"{file}: {len(problems)} problem(s)", *(f"  {problem}" for problem in problems)]))


class _WrongError(Exception):
    """What is wrong with one entry."""


def read_labelled(file: Path) -> list[Example]:
    """All examples of a file.

    Raises:
        LabelledFileError: it cannot be read, has no example, or one of them is wrong.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelledFileError(file, [f"it cannot be read: {error}"]) from None
    examples: list[Example] = []
    problems: list[str] = []
    for place, entry in _entries(content):
        try:
            examples.append(_example(place, entry))
        except _WrongError as wrong:
            problems.append(f"{place}: {wrong}")
    if not examples and not problems:
        problems.append("it holds no labelled text")
    if problems:
        raise LabelledFileError(file, problems)
    return examples


def _entries(content: str) -> Iterator[tuple[str, Any]]:
    """Each entry, or the error in its place, with where it stands."""
    if content.lstrip().startswith("["):
        entries = _parsed(content)
        if isinstance(entries, _WrongError):
            yield "the array", entries
        else:
            yield from ((f"entry {number}", entry) for number, entry in enumerate(entries, 1))
        return
    # Not splitlines(), which also parts at characters that JSON allows in its strings.
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield f"line {number}", _parsed(line)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        return _WrongError(f"no valid JSON at {where}: {error.msg}")
    except (ValueError, RecursionError):  # a number of too many digits, deep nesting
        return _WrongError("no JSON that can be read")


def _example(place: str, entry: Any) -> Example:
    if isinstance(entry, _WrongError):
        raise entry
    if not isinstance(entry, Mapping):
        raise _WrongError("it is no object")
    text = _field(entry, TEXT, str, "a text")
    spans = _field(entry, ("spans",), list, "a list")
    return Example(place, text, tuple(_label(span, number, text) for number, span in enumerate(spans, 1)))


def _label(span: Any, number: int, text: str) -> Label:
    try:
        if not isinstance(span, Mapping):
            raise _WrongError("it is no object")
        label = Label(
            _field(span, LABEL, str, "a text"),
            _field(span, START, int, "a whole number"),
            _field(span, END, int, "a whole number"),
        )
        if not 0 <= label.start < label.end <= len(text):
            raise _WrongError(f"{label.start} to {label.end} is no place in a text of {len(text)} characters")
        told = next((span[name] for name in VALUE if name in span), None)
        if told is not None and told != text[label.start : label.end]:
            raise _WrongError(f"at {label.start} to {label.end} stands another value than it names")
    except _WrongError as wrong:
        raise _WrongError(f"span {number}: {wrong}") from None
    return label


def _field(holder: Mapping[str, Any], names: tuple[str, ...], kind: type, described: str) -> Any:
    name = next((name for name in names if name in holder), None)
    if name is None:
        raise _WrongError(f"it has no {' or '.join(f'`{name}`' for name in names)}")
    value = holder[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _WrongError(f"`{name}` must be {described}")
    return value
