"""Writing replacements into texts, whole or running, with everything else left as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from guardrails.scanning.finding import Finding
from guardrails.scanning.json_strings import unescaped
from guardrails.scanning.scan import Form, Step

Replace = Callable[[Finding, str], str | None]
"""Gives what is to stand in place of a value, or ``None`` to leave it."""


class RunningScan(Protocol):
    """A :class:`~guardrails.scanning.scan.Scan` or :class:`~guardrails.scanning.json_scan.JsonScan`."""

    def feed(self, text: str) -> Iterator[Step]: ...

    def finish(self) -> Iterator[Step]: ...


class RunningRedactor:
    """Redacts a text that arrives in pieces.

    Args:
        scan: of this text alone.
        replace: asked for each finding, in order; what it raises ends the redaction with nothing given away.
    """

    def __init__(self, scan: RunningScan, replace: Replace) -> None:
        self._scan = scan
        self._replace = replace
        self._goes_on = False

    def feed(self, text: str) -> str:
        """Add a piece; returns what may go out now."""
        return "".join(map(self._written, self._scan.feed(text)))

    def finish(self) -> str:
        """The rest; nothing follows."""
        return "".join(map(self._written, self._scan.finish()))

    def _written(self, step: Step) -> str:
        if step.continues:
            return "" if self._goes_on else step.text
        pieces: list[str] = []
        position = 0
        for finding in step.findings:
            written = replacement(step.text, finding, step.form, self._replace)
            self._goes_on = written is not None
            if written is not None:
                pieces += step.text[position : finding.start], written
                position = finding.end
        pieces.append(step.text[position:])
        return "".join(pieces)


def redacted(text: str, findings: Iterable[tuple[Finding, Form]], replace: Replace) -> str:
    """A whole text with its findings, in order and without overlaps, replaced."""
    pieces: list[str] = []
    position = 0
    for finding, form in findings:
        written = replacement(text, finding, form, replace)
        if written is not None:
            pieces += text[position : finding.start], written
            position = finding.end
    return "".join([*pieces, text[position:]]) if pieces else text


def replacement(text: str, finding: Finding, form: Form, replace: Replace) -> str | None:
    """What to write in place of a finding, in the form that its place in the text asks for."""
    value = text[finding.start : finding.end]
    if form == "text":
        return replace(finding, value)
    written = replace(finding, unescaped(value) if form == "json_string" else value)
    if written is None:
        return None
    quoted = json.dumps(written, ensure_ascii=False)
    return quoted[1:-1] if form == "json_string" else quoted
