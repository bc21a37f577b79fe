"""The redaction of texts that leave the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrails.strict import strict_redactor
from inferspect.extension import Redactor, redactors
from inferspect.settings import LaunchSettings

LENIENT = """\
inferspect:
  default_rules:
    pii: {enabled: false, entities: {EMAIL_ADDRESS: "off"}, allow: {values: [jane@example.org]}}
    secrets: {enabled: false}
"""


@pytest.fixture(scope="module")
def redact(tmp_path_factory: pytest.TempPathFactory) -> Redactor:
    config = tmp_path_factory.mktemp("strict") / "litellm_config.yaml"
    config.write_text(LENIENT)
    return strict_redactor(LaunchSettings(inferspect_config=config))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane@example.org", "write to <EMAIL_ADDRESS>"),
        ("card 4111 1111 1111 1111, please", "card <CREDIT_CARD>, please"),
        ("CCCD 079203001234", "CCCD <VN_CCCD>"),
        ("Steuer-ID 37354926527", "Steuer-ID <DE_TAX_ID>"),
        ("id 123e4567-e89b-42d3-a456-426614174000", "id <UUID>"),
        ("my name is Jane Miller", "my name is <PERSON>"),
        ("password: Tr0ub4dor&3", "password: <SECRET_PASSWORD>"),
        ("I am <EMAIL_ADDRESS_abcdefghij>, once <PERSON#abcdefghij>", "I am <EMAIL_ADDRESS>, once <PERSON>"),
        ("the <TABLE> of 12 books costs 40 euros", "the <TABLE> of 12 books costs 40 euros"),
        ("How long can I return a jacket?", "How long can I return a jacket?"),
        ("", ""),
    ],
)
def test_everything_personal_is_masked_whatever_the_rules_leave_alone(
    redact: Redactor, text: str, expected: str
) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


def test_json_stays_json(redact: Redactor) -> None:
    assert redact('{"mail": "jane@example.org", "card": 4111111111111111}', is_json=True) == (
        '{"mail": "<EMAIL_ADDRESS>", "card": "<CREDIT_CARD>"}'
    )


def test_it_is_what_the_host_finds_installed(tmp_path: Path) -> None:
    config = tmp_path / "litellm_config.yaml"
    config.write_text(LENIENT)
    (found,) = redactors(LaunchSettings(inferspect_config=config))
    assert found("jane@example.org") == "<EMAIL_ADDRESS>"
