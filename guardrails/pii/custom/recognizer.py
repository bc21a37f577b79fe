"""A recognizer made of an operator's patterns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from guardrails.pii.custom.checks import Check
from guardrails.pii.custom.file import RecognizerDefinition
from guardrails.scanning.context_words import ContextWords
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

BUDGET = 0.1
"""Seconds of processor time that one pattern may take in one window of 128 characters."""


class CustomRecognizer:
    """Finds what an operator's patterns match, where the check agrees.

    Args:
        definition: as it stands in the file.
        trigger: given there, or derived.
        check: what ``definition.validator`` names.
    """

    def __init__(self, definition: RecognizerDefinition, trigger: str, check: Check | None) -> None:
        self.entity = definition.entity
        self.reads: Reading = definition.reads
        self.trigger = trigger
        self.version = hashlib.blake2b(definition.model_dump_json().encode(), digest_size=16).hexdigest()
        self._patterns = [(pattern.compiled(), pattern.score) for pattern in definition.patterns]
        self._context = ContextWords(definition.context) if definition.context else None
        self._check = check

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        """The values in ``text[start:end]``.

        Raises:
            TimeoutError: a pattern took longer than ``BUDGET``.
        """
        for pattern, score in self._patterns:
            for match in pattern.finditer(text, start, end, timeout=BUDGET):
                begin, finish = match.span()
                if begin == finish or (self._check and not self._check(text[begin:finish])):
                    continue
                if self._check:
                    yield Finding(self.entity, begin, finish, 1.0, validated=True)
                else:
                    lifted = self._context.lift(score, text, begin) if self._context else score
                    yield Finding(self.entity, begin, finish, lifted)
