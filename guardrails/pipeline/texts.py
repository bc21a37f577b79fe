"""Redacting all texts of a request or a whole answer where they stand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from guardrails.content import Source, Text, Walk
from guardrails.pipeline.service import GuardrailService
from guardrails.pipeline.state import GuardrailState
from guardrails.prompt_injection.hidden import hidden_text
from guardrails.redaction.redaction import Redaction
from guardrails.redaction.writing import redacted
from guardrails.scanning.finder import Located
from guardrails.scanning.plan import PLACEHOLDER

LONGEST_TURN = 0.002  # seconds


async def redact_request(
    service: GuardrailService, state: GuardrailState, redaction: Redaction, walk: Walk
) -> list[tuple[Source, str]]:
    """Redact the texts of a request; returns them as they are now, with who wrote them.

    All are looked through before the first is changed: placeholders that the client typed itself must be known before
    one is made.
    """
    found = [(text, value, findings) async for text, value, findings in _findings(service, redaction, walk)]
    for _, value, findings in found:
        for finding, _ in findings:
            if finding.entity == PLACEHOLDER:
                state.substitutions.typed(value[finding.start : finding.end])
    texts = [(text.source, _write(redaction, text, value, findings)) for text, value, findings in found]
    walk.drop_altered_thoughts()
    _note_unreadable(redaction, walk)
    return texts


async def redact_answer(service: GuardrailService, state: GuardrailState, redaction: Redaction, walk: Walk) -> bool:
    """Redact the texts of a whole answer, but for those that an earlier pass has dealt with; true where it has all."""
    is_done = bool(state.seen)
    async for text, value, findings in _findings(service, redaction, walk, state.seen):
        state.seen.add(hash(_write(redaction, text, value, findings)))
        is_done = False
    return is_done


async def restore_answer(service: GuardrailService, redaction: Redaction, walk: Walk) -> None:
    """Put values back in the place of their placeholders; nothing else is looked for, as that is done."""
    async for text, value, findings in _findings(service, redaction, walk):
        if "<" in value or text.is_json:
            placeholders = [located for located in findings if located[0].entity == PLACEHOLDER]
            after = redacted(value, placeholders, redaction.replace)
            if after != value:
                text.set(after)


async def _findings(
    service: GuardrailService, redaction: Redaction, walk: Walk, seen: set[int] | None = None
) -> AsyncIterator[tuple[Text, str, tuple[Located, ...]]]:
    """Each text with what was found in it, giving way to other requests now and then."""
    policy = redaction.policy
    turn_began = time.perf_counter()
    for text in walk:
        if time.perf_counter() - turn_began > LONGEST_TURN:
            await asyncio.sleep(0)
            turn_began = time.perf_counter()
        if text is None:
            continue
        value = text.get()
        if seen and hash(value) in seen:
            continue
        found = await service.finder.find(policy.spec, policy.plan, value, is_json=text.is_json, context=text.context)
        yield text, value, found


def _write(redaction: Redaction, text: Text, value: str, findings: tuple[Located, ...]) -> str:
    counted = redaction.counted(findings, text.source, hides=hidden_text(value))
    if not counted:
        after = value
    elif text.is_identifier:
        after = redaction.identifier(counted, value)
    else:
        after = redacted(value, counted, redaction.replace)
    if after != value:
        text.set(after)
    return after


def _note_unreadable(redaction: Redaction, walk: Walk) -> None:
    rules = redaction.policy.rules.pii
    redaction.note_unreadable("TOKEN_IDS", walk.token_lists, rules.token_ids)
    redaction.note_unreadable("MEDIA", walk.media, rules.images)
