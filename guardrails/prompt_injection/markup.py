"""Signs of forged markup: what only the gateway or a program should write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.scanning.clues import Clues
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

ROLES = "system|assistant|user|human|developer"
ORDERS = r"(?:you (?:are|must|may|will|can)|your|new|ignore|disregard|the previous|forget|from now|rules?|override)\b"
PLACEHOLDER = r"[{\[<$%]|[A-Z]{4}|[\w+/-]{24}"
TELLING = "q|d|c|data|text|msg|prompt|secret|key|history|conversation|chat|content|payload|log|leak"


class MarkupRecognizer:
    """Finds what a few regular expressions describe, each with a score of its own.

    Args:
        entity: what they are a sign of.
        trigger: where they are looked for.
        clues: of the trigger.
        scored: patterns and their scores; the first that matches at a place counts. Case does not matter where a
            pattern does not say so.
    """

    reads: Reading = "text"

    def __init__(self, entity: str, trigger: str, clues: Clues, scored: tuple[tuple[float, str], ...]) -> None:
        self.entity = entity
        self.trigger = trigger
        self.clues = clues
        self._scores = {f"p{number}": score for number, (score, _) in enumerate(scored)}
        self._pattern = re.compile(
            "|".join(f"(?P<p{number}>{pattern})" for number, (_, pattern) in enumerate(scored)), re.IGNORECASE
        )
        self.version = repr(scored)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self._pattern.finditer(text, start, end):
            yield Finding(self.entity, match.start(), match.end(), self._scores[match.lastgroup or ""])


CHAT_MARKUP = MarkupRecognizer(
    "INJECTION_MARKUP",
    rf"<\||\[/?INST|<</?SYS|<!--|</?(?:document|context|user_input|tool_result|data|instructions?|admin|{ROLES})>|\[(?:{ROLES}|admin)\]|[sS]ystem:|SYSTEM:|[aA]ssistant:|[uU]ser:|[hH]uman:|[iI]nstruction:",
    Clues(parts=("<", "[", "system:", "assistant:", "user:", "human:", "instruction:")),
    (
        (
            0.8,
            r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|begin_of_text|(?:start|end)_header_id)\|>",
        ),
        (0.8, r"<</?SYS>>"),
        (0.75, r"\[/?INST\]"),
        (0.5, rf"(?<=### )(?:{ROLES}|instruction):"),
        (0.6, rf"</?(?:document|context|user_input|tool_result|data|{ROLES})>\s{{0,4}}(?:{ROLES}) ?:"),
        (0.35, r"</?(?:system|instructions?|admin)>"),
        (0.5, rf"\[(?:{ROLES}|admin)\] ?[(:]"),
        (0.5, r"<!--[^>]{0,40}\b(?:ai|assistants?|llms?|chatbots?|agents?|ignore|system prompt|language model)\b"),
        (0.6, rf"(?<!\w)system: ?{ORDERS}"),
        (0.5, r"(?<!\w)assistant: ?(?:sure|okay|ok|certainly|of course|i will|i'll|yes)\b"),
    ),
)

IMAGE_LEAK = MarkupRecognizer(
    "INJECTION_EXFILTRATION",
    r"!\[",
    Clues(parts=("![",)),
    (
        (0.6, rf"!\[[^\]]{{0,40}}\]\(https?://[^)\s?]{{1,60}}\?[\w.-]{{1,16}}=(?-i:{PLACEHOLDER})"),
        (0.45, rf"!\[[^\]]{{0,40}}\]\(https?://[^)\s?]{{1,60}}\?(?:{TELLING})="),
    ),
)

SPELLED_OUT = MarkupRecognizer(
    "INJECTION_OVERRIDE",
    r"[gG](?=\s)(?<!\S.)",
    Clues(frozenset("g")),
    ((0.75, r"(?<=\bi )g n o r e\b(?= +(?:all|a l l|the|t h e|any|your|previous))"),),
)
