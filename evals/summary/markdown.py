"""``summary.md``: the comment that CI leaves on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from evals.gate.verdict import Outcome, Verdict
from evals.summary import rows
from evals.summary.rows import Line

SIGNS = {Outcome.WELL: "✅", Outcome.FAILED: "❌", Outcome.ERROR: "⚠️", Outcome.WRONG_INPUT: "⚠️"}
MOST_LINES = 50  # of one kind
LONGEST_REASON = 300
MOST_CHARACTERS = 60_000  # GitHub takes no comment above 65,536


def markdown(verdict: Verdict, model: str, notes: Sequence[str]) -> str:
    told, length = [], 0
    for line in _lines(verdict, model, notes):
        length += len(line) + 1
        if length > MOST_CHARACTERS:
            told.append("\nThe rest stands in `index.html`.")
            break
        told.append(line)
    return "\n".join(told) + "\n"


def _lines(verdict: Verdict, model: str, notes: Sequence[str]) -> Iterator[str]:
    outcome = verdict.outcome
    yield f"## {SIGNS[outcome]} Prompt suites: {rows.OUTCOMES[outcome]}"
    yield f"\nModel {_code(model)}, {rows.total_cost(verdict)}\n"
    yield f"| | {' | '.join(rows.TITLES)} |"
    yield f"|---|---|{'---:|' * (len(rows.TITLES) - 1)}"
    yield from (f"| {SIGNS[row.outcome]} | {' | '.join(map(_text, row.cells))} |" for row in rows.rows(verdict))
    yield from (f"\n{_text(note)}" for note in notes)
    yield from _section("Errors", rows.errors(verdict))
    yield from _section("Failed", rows.failures(verdict))
    yield from _section("To know", rows.warnings(verdict))
    if verdict.without_baseline:
        yield f"\nNo baseline yet: {', '.join(map(_code, verdict.without_baseline))}"


def _section(title: str, lines: Iterable[Line]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield f"\n### {title}\n"
    yield from (
        f"- **{line.kind}** {_code(f'{line.suite}: {line.subject}')}: {_text(line.reason[:LONGEST_REASON])}"
        for line in told[:MOST_LINES]
    )
    if len(told) > MOST_LINES:
        yield f"- and {len(told) - MOST_LINES} more"


def _code(text: str) -> str:
    told = _flat(text).replace("`", "'").replace("|", "¦")
    return f"`{told}`"


def _text(text: str) -> str:
    """Text that stays text: an answer of a model can hold links, mentions and HTML."""
    return re.sub(r"([\\`*_{}\[\]<>()#|!@~&])", r"\\\1", _flat(text)).replace(r"\@", "@\u200b")


def _flat(text: str) -> str:
    return " ".join(text.split())
