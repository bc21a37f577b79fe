import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.content import request_texts
from guardrails.pii.detection import detect
from guardrails.pii.redaction import ENTITIES, Redaction
from inferspect.tenancy.rules import PiiRules
from tests.guardrails.pii.test_detection import texts

RULES = PiiRules()


def redacted(text: Any, rules: PiiRules = RULES) -> tuple[Any, Redaction]:
    data = {"prompt": text}
    redaction = Redaction(rules)
    asyncio.run(redaction.redact(request_texts(data)))
    return data["prompt"], redaction


def redacted_arguments(arguments: str) -> str:
    data = {"messages": [{"tool_calls": [{"function": {"arguments": arguments}}]}]}
    asyncio.run(Redaction(RULES).redact(request_texts(data)))
    result: str = data["messages"][0]["tool_calls"][0]["function"]["arguments"]
    return result


@settings(max_examples=300, deadline=None)
@given(texts())
def test_masked_text_holds_no_finding_and_masking_it_again_changes_nothing(text: str) -> None:
    """What comes out is clean, also where masking one value bared another, and stays as it is."""
    masked, _ = redacted(text)
    assert detect(masked, RULES.score_threshold, ENTITIES) == []
    again, redaction = redacted(masked)
    assert again == masked
    assert redaction.decision == "pass"


def test_actions_decide_by_entity() -> None:
    """One entity is masked, one only counted, one ignored, one refused; all in one text."""
    rules = PiiRules(entities={"IP_ADDRESS": "report", "EMAIL_ADDRESS": "off", "US_SSN": "block"})
    text, redaction = redacted("a@example.com 192.0.2.17 4111111111111111 219-09-9998", rules)
    assert text == "a@example.com 192.0.2.17 <CREDIT_CARD> <US_SSN>"
    assert redaction.counts == {"IP_ADDRESS": 1, "CREDIT_CARD": 1, "US_SSN": 1}
    assert redaction.blocked == {"US_SSN"}
    assert redaction.decision == "block"


def test_token_ids_are_reported() -> None:
    """What could not be read is said."""
    _, redaction = redacted([1, 2, 3])
    assert redaction.counts == {"TOKEN_IDS": 1}
    assert redaction.decision == "report"


LEAVES = st.one_of(
    st.sampled_from(["jane@example.com", "4111 1111 1111 1111", 4111111111111111, 'a "quoted" 192.0.2.17'])
)
ARGUMENTS = st.recursive(
    LEAVES | st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(ARGUMENTS, st.booleans())
def test_tool_arguments_stay_json_and_lose_their_values(arguments: Any, ascii_only: bool) -> None:
    """Arguments are masked inside of their strings, escaped or not, and a number may be a card."""
    masked = redacted_arguments(json.dumps(arguments, ensure_ascii=ascii_only))
    written = json.dumps(json.loads(masked), ensure_ascii=False)
    assert "jane@example.com" not in written
    assert "192.0.2.17" not in written
    assert "4111" not in written.replace(" ", "") or "4111" not in json.dumps(arguments).replace(" ", "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"to": "jane\\u0040example.com"}', '{"to": "<EMAIL_ADDRESS>"}'),
        ('{"to":  "nobody",\n "n": 1.10}', '{"to":  "nobody",\n "n": 1.10}'),
        ('{"to": "jane@example.com', '{"to": "<EMAIL_ADDRESS>'),
        ('{"to": "jane@example.com", "to": "x"}', '{"to": "x"}'),
        ('{"card": 4111111111111111}', '{"card": "<CREDIT_CARD>"}'),
        ('"jane@example.com"', '"<EMAIL_ADDRESS>"'),
    ],
)
def test_arguments_are_written_anew_only_when_they_must_be(before: str, after: str) -> None:
    """Untouched arguments keep every character; escapes, repeated keys and broken JSON hide nothing."""
    assert redacted_arguments(before) == after


async def test_a_long_scan_lets_others_run() -> None:
    """A megabyte of text full of values, or of nothing but digits, never holds the event loop for long."""
    for unit in ("Call (212) 555-0123 or write to jane@example.com, please. ", "lorem ipsum dolor ", "1 "):
        data = {"prompt": unit * (600_000 // len(unit))}
        pauses = []

        async def tick(pauses: list[float] = pauses) -> None:
            while True:
                before = time.thread_time()
                await asyncio.sleep(0)
                pauses.append(time.thread_time() - before)

        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0)
        await Redaction(RULES).redact(request_texts(data))
        ticking.cancel()
        assert len(pauses) >= 4
        assert sorted(pauses)[len(pauses) * 95 // 100] < 0.03
