"""Texts that are made to keep the guardrails busy, to crash them, or to get a value past them.

No text may take longer than its budget, and what takes longer is refused: the tests say so by the budget and the
length of each step, not by the clock.
"""

from __future__ import annotations

import base64
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from guardrails.content import request_texts
from guardrails.content.walk import Walk
from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.minting import Minting
from guardrails.placeholders.substitutions import Substitutions
from guardrails.policy.policy import Policies, Policy
from guardrails.redaction.redaction import Redaction
from guardrails.redaction.writing import redacted
from guardrails.scanning.budget import Budget, BudgetExceededError
from guardrails.scanning.json_scan import JsonScan
from guardrails.scanning.json_strings import LONGEST_UNFINISHED
from guardrails.scanning.scan import WINDOW, Scan
from guardrails.scanning.whole import steps_of, whole_findings
from inferspect.settings import GuardrailSettings
from inferspect.tenancy.entities import PACKS
from inferspect.tenancy.rules import TenantRules

MEGABYTE = 1_000_000
# As the gateway has it by default: so much for a text of any length, and for each kilobyte.
SETTINGS = GuardrailSettings()
BUDGET = Budget(SETTINGS.budget, SETTINGS.budget / 5)
UNHURRIED = Budget(base=600)
MINTING = Minting(TenantKeys("a salt key"), "acme")
POLICIES = Policies(SETTINGS)
ALL_PACKS = TenantRules.model_validate({"pii": {"packs": sorted(PACKS)}})
DEFAULT = TenantRules()
EMAIL = "jane.doe@example.com"


def policy(rules: TenantRules = DEFAULT) -> Policy:
    found = POLICIES.of(rules, "input")
    assert found is not None
    return found


def masked(text: str, *, is_json: bool = False, rules: TenantRules = DEFAULT, budget: Budget = UNHURRIED) -> str:
    redaction = Redaction(policy(rules), MINTING, Substitutions(MINTING))
    found = whole_findings(redaction.policy.plan, text, budget, is_json=is_json)
    return redacted(text, found, redaction.replace)


@contextmanager
def unlimited_digits() -> Iterator[None]:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)


FLOODS = [
    "a.", "7", "1 ", "12 ", "@", "a@", "a@b.", "<", "<A", "<EMAIL_ADDRESS", "-", "eyJ", "-----BEGIN ", "Mr ", "a:",
    "::",
    "0x", "sk-", "AKIA", "+", "(", "[", "{", '"', "\\", "\\u", "/", "://", "a://", "x=", "password", "password: ",
    "secret ", "token=", "bearer ", "số ", "đường ", "phường ", "12 Lê Lợi, ", "q.", "ngày ", "tài khoản ", "xin chào ",
    "i g n o r e ", "ignore all ", "f u c k ", "f.", "*", "s$", "you are now ", "kill ", "born ", "born on 1 ", "www.",
    "DE89 ", "DE", "1A", "1-", "1.", "1/", "0 ", "00", "(212) ", "phone ", "account 1", "\n", "\t ", "\x00", "\u200b",
    "\u202e", "e\u0301", "a\u0300\u0301\u0323", "\u0301", "\ufe0f", "\U000e0041", "\ud800", "\uff11", "\u0661", "漢",
    "漢 ", "%40", "&#64;", "%", "&", "a%40b.", "\U0001f600", "ﷺ", "İ", "ß", "\u017f", "\u2028",
]  # fmt: skip


LARGE = ["a.", "7", "1 ", "@", "<", "-", "eyJ", "xin chào ", "Mr ", EMAIL + " "]


def flood(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def looked_through(text: str, *, is_json: bool, rules: TenantRules = DEFAULT) -> None:
    """Looks through a text with the gateway's budget; all of it, or it is refused."""
    try:
        steps = BUDGET.spending(len(text)).within(steps_of(policy(rules).plan, text, is_json=is_json))
        assert sum(len(step.text) for step in steps) == len(text)
    except BudgetExceededError:
        pass


@pytest.mark.parametrize("piece", LARGE)
def test_a_megabyte_is_looked_through_or_refused(piece: str) -> None:
    looked_through(flood(piece, MEGABYTE), is_json=False)


@pytest.mark.parametrize("rules", [DEFAULT, ALL_PACKS], ids=["default", "all packs"])
@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize("piece", FLOODS)
def test_a_flood_of_anything_is_looked_through_or_refused(rules: TenantRules, is_json: bool, piece: str) -> None:
    looked_through(flood(piece, 2_500), is_json=is_json, rules=rules)


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize("piece", FLOODS)
def test_a_flood_in_a_stream_is_held_back_no_further_than_anything(is_json: bool, piece: str) -> None:
    scan = (JsonScan if is_json else Scan)(policy().plan)
    for character in flood(piece, 500):
        assert "".join(step.text for step in scan.feed(character)) is not None
        assert scan.held_back <= WINDOW + LONGEST_UNFINISHED


@pytest.mark.parametrize("piece", FLOODS)
def test_a_value_in_a_flood_is_found(piece: str) -> None:
    """A text that is let through was looked through to its end."""
    text = flood(piece, 3_000)
    assert EMAIL not in masked(f"{text} {EMAIL} {text}")


DISGUISED = [
    "jane.d\u200boe@exam\u200bple.com", "jane\u00ad.doe@example.com", "jane.doe\ufeff@example.com",
    "\u202ejane.doe@example.com\u202c", "jane.doe\u200e@\u200fexample.com", "jane.doe\u2066@example\u2069.com",
    "jane.doe\uff20example.com", "\uff4a\uff41\uff4e\uff45@\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com",
    "jane.doe%40example.com", "jane.doe&#64;example.com", "jane.doe&#x40;example.com", "jane.doe&commat;example.com",
    "\U0001d423\U0001d41a\U0001d427\U0001d41e@example.com", "jane.doe@exa\u0301mple.com",
    "jane.\U000e0064doe@example.com",
    "4111\u200b1111\u200b1111\u200b1111", "\uff14\uff11\uff11\uff11 1111 1111 1111",
    "4111\u00a01111\u20091111\u202f1111",
    "\u0664\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661",
    "\U0001d7d2\U0001d7cf\U0001d7cf\U0001d7cf 1111 1111 1111", "4111\u20101111\u20101111\u20101111",
    "4111\u22121111\u22121111\u22121111", "\u09ea\u0967\u0967\u0967 1111 1111 1111",
]  # fmt: skip


@pytest.mark.parametrize("value", DISGUISED)
@pytest.mark.parametrize("around", ["{}", "it is {}, ok", "(\u202e{})", "\u0301{}", "\ud800 {} \udfff"])
def test_a_disguised_value_is_found(value: str, around: str) -> None:
    after = masked(around.format(value))
    assert value not in after
    assert "<EMAIL_ADDRESS>" in after or "<CREDIT_CARD>" in after


@pytest.mark.parametrize("value", DISGUISED)
def test_a_disguised_value_is_found_in_documents(value: str) -> None:
    for ascii_only in (False, True):
        document = json.dumps({"note": [f"it is {value}"]}, ensure_ascii=ascii_only)
        assert value not in json.loads(masked(document, is_json=True))["note"][0]


@pytest.mark.parametrize(
    "encoded",
    [
        base64.b64encode(EMAIL.encode()).decode(),
        EMAIL.encode().hex(),
        "".join(f"%{ord(character):02x}" for character in EMAIL),
        EMAIL[::-1],
        " ".join(EMAIL),
        "jane dot doe at example dot com",
    ],
)
def test_encoded_values_are_beyond_what_is_looked_for(encoded: str) -> None:
    """A limit that docs/guardrails.md names; where this fails, more is found than is said there."""
    assert masked(f"it is {encoded} ok") == f"it is {encoded} ok"


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_documents_in_strings_of_documents_are_looked_through(levels: int) -> None:
    """As the texts that they are there, and what is masked leaves each of them a document."""
    document = json.dumps({"to": EMAIL, "card": "4111 1111 1111 1111", "note": "a\nb"})
    for _ in range(levels):
        document = json.dumps({"arguments": document})
    after = masked(document, is_json=True)
    assert EMAIL not in after
    assert "4111 1111" not in after
    for _ in range(levels):
        after = json.loads(after)["arguments"]
    assert json.loads(after) == {"to": "<EMAIL_ADDRESS>", "card": "<CREDIT_CARD>", "note": "a\nb"}


@pytest.mark.parametrize("opening", ['{"a":', "[", '[{"a":[', '{"jane.doe@example.com":'])
def test_deeply_nested_documents_are_looked_through(opening: str) -> None:
    text = opening * 100_000 + json.dumps(EMAIL)
    assert EMAIL not in masked(text[-50_000:], is_json=True)
    looked_through(text, is_json=True)


def texts_of(walk: Walk) -> list[str]:
    return [text.get() for text in walk if text is not None]


@pytest.mark.parametrize(
    "wrap", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: [{"content": inner}]]
)
def test_deeply_nested_bodies_are_walked(wrap: Callable[[Any], Any]) -> None:
    body: Any = EMAIL
    for _ in range(100_000):
        body = wrap(body)
    assert EMAIL in texts_of(request_texts({"messages": [{"role": "user", "content": body}]}))


def test_a_text_full_of_values_is_redacted_whole() -> None:
    values = [f"user{number}@example.com" for number in range(20_000)]
    after = masked(" ".join(values))
    assert after == " ".join(["<EMAIL_ADDRESS>"] * len(values))


@pytest.mark.parametrize("number", [10**4000, -(10**400), 1e308, float("nan"), 4111111111111111])
def test_numbers_of_any_size_are_read(number: float) -> None:
    with unlimited_digits():
        document = json.dumps({"n": number, "m": [number]})
        after = masked(document, is_json=True)
        assert "4111111111111111" not in after
        json.loads(after)


def test_keys_are_looked_through() -> None:
    document = json.dumps({EMAIL: {"4111111111111111": {"a": 1}}})
    assert json.loads(masked(document, is_json=True)) == {"<EMAIL_ADDRESS>": {"<CREDIT_CARD>": {"a": 1}}}


@pytest.mark.parametrize("seed", range(30))
def test_noise_is_looked_through(seed: int) -> None:
    chance = random.Random(seed)
    pieces = chance.choices([*FLOODS, *DISGUISED, EMAIL, " ", " "], k=400)
    text = "".join(pieces)
    looked_through(text, is_json=False, rules=ALL_PACKS)
    looked_through(text, is_json=True, rules=ALL_PACKS)
