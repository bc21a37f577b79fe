"""Scanning all texts of a request or an answer by a tenant's rules, without holding up other requests."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

from guardrails.content import JsonDocument, Text, Walk
from guardrails.pii.detection import look, resolved, windows
from guardrails.pii.masking import mask

if TYPE_CHECKING:
    from guardrails.pii.finding import Finding
    from inferspect.context import Decision
    from inferspect.tenancy.rules import PiiEntity, PiiRules

ENTITIES: tuple[PiiEntity, ...] = (
    "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "US_SSN",
)  # fmt: skip
LONGEST_TURN = 0.002  # seconds
# Masking one value can bare another beside it, which is then masked too. Each round takes characters away that
# values are made of, so more rounds than this mean a mistake of ours.
ROUNDS = 8
REMEMBERED_AS = "pii"


class Redaction:
    """One pass over the texts of a request or an answer.

    Args:
        rules: what to do with which entity.
        seen: marks of texts that an earlier pass of the same request has dealt with; they are passed over, and this
            pass adds its own. A mark is a hash of the text, because LiteLLM hands the same answer over as different
            objects, and of Python's keyed kind, because a provider must not be able to choose one.

    Attributes:
        counts: findings by entity, and ``TOKEN_IDS`` for lists of token ids that could not be read.
        changed: whether a text was replaced.
        blocked: entities found whose action is ``block``.
    """

    def __init__(self, rules: PiiRules, seen: set[int] | None = None) -> None:
        actions = {entity: rules.entities.get(entity, "mask") for entity in ENTITIES}
        self._threshold = rules.score_threshold
        self._wanted = frozenset(entity for entity, action in actions.items() if action != "off")
        self._reported = frozenset(entity for entity, action in actions.items() if action == "report")
        self._blocking = frozenset(entity for entity, action in actions.items() if action == "block")
        self._seen = seen
        self._turn_began = time.perf_counter()
        self.counts: Counter[str] = Counter()
        self.changed = False
        self.blocked: set[str] = set()

    @property
    def decision(self) -> Decision:
        if self.blocked:
            return "block"
        if self.changed:
            return "modify"
        return "report" if self.counts else "pass"

    async def redact(self, texts: Walk) -> None:
        """Mask the texts where they stand. Values to be blocked are masked too, so that the refusal logs none."""
        for text in texts:
            await self._give_way()
            if text is not None:
                await self._redact_one(text)
        if texts.token_lists:
            self.counts["TOKEN_IDS"] += texts.token_lists

    async def _redact_one(self, text: Text) -> None:
        before = text.get()
        if self._is_seen(before):
            return
        after = await (self._json(before) if text.is_json else self._masked(before))
        if after != before:
            text.set(after)
            self.changed = True
        if self._seen is not None:
            self._seen.add(hash((REMEMBERED_AS, after)))

    def _is_seen(self, text: str) -> bool:
        return bool(self._seen) and hash((REMEMBERED_AS, text)) in self._seen  # type: ignore[operator]

    async def _json(self, text: str) -> str:
        """Masked inside of its strings, so that it stays JSON; what is not JSON is masked as it stands."""
        try:
            document = JsonDocument(text)
        except ValueError:
            return await self._masked(text)
        changed = document.ambiguous
        for leaf in document.texts():
            await self._give_way()
            if leaf is not None:
                before = leaf.get()
                after = await self._masked(before)
                if after != before:
                    leaf.set(after)
                    changed = True
        return document.dump() if changed else text

    async def _masked(self, text: str) -> str:
        for turn in range(ROUNDS):
            findings = await self._findings(text)
            to_mask = [finding for finding in findings if finding.entity not in self._reported]
            self.counts.update(f.entity for f in (findings if turn == 0 else to_mask))
            self.blocked.update(f.entity for f in to_mask if f.entity in self._blocking)
            if not to_mask:
                return text
            text = mask(text, to_mask)
        raise RuntimeError("masking did not come to an end")

    async def _findings(self, text: str) -> list[Finding]:
        findings: list[Finding] = []
        for start, end in windows(text):
            findings += look(text, start, end, self._threshold, self._wanted)
            await self._give_way()
        return resolved(findings)

    async def _give_way(self) -> None:
        """Let other requests go on, where this one has had its turn."""
        if time.perf_counter() - self._turn_began > LONGEST_TURN:
            await asyncio.sleep(0)
            self._turn_began = time.perf_counter()
