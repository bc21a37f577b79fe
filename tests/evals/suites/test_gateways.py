from __future__ import annotations

from pathlib import Path

import pytest

from evals.suites.gateways import Gateway, GatewayUnavailableError, given_gateway, own_gateway, script_of
from evals.suites.suite import SuiteError


def answers(folder: Path, name: str, text: str) -> Path:
    path = folder / "suites" / name / "answers.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_answers_of_all_suites_make_one_script(tmp_path: Path) -> None:
    """In the order of the suites' names, so that a suite gets the same answers alone and among all."""
    answers(tmp_path, "b", "- {match: two, answer: 2 things}")
    answers(tmp_path, "a", "rules: [{match: one, answer: 1 thing}]")
    assert [rule["match"] for rule in script_of(tmp_path)] == ["one", "two"]


def test_a_wrong_answer_is_named_with_its_file(tmp_path: Path) -> None:
    """The rule and the field as well."""
    path = answers(tmp_path, "a", "- {match: one, answer: fine}\n- {macth: two, answer: fine}")
    with pytest.raises(SuiteError) as refused:
        script_of(tmp_path)
    assert str(path) in str(refused.value)
    assert "rule 2" in str(refused.value)


def test_a_gateway_that_does_not_start_is_told_with_what_it_said(tmp_path: Path) -> None:
    """A wrong configuration ends the start, and nothing is left of it."""
    config = tmp_path / "litellm_config.yaml"
    config.write_text("inferspect: {no_such_setting: 1}\n", encoding="utf-8")
    with pytest.raises(GatewayUnavailableError, match="no_such_setting"), own_gateway(config, []):
        pass


@pytest.mark.parametrize("url", ["https://llm.example.com", "https://llm.example.com/", "https://llm.example.com/v1/"])
def test_a_given_gateway_has_an_address_and_a_key(url: str) -> None:
    """As people write them: an address with `/v1`, a key with the line break of the file that it was in."""
    assert given_gateway(url, "sk-virtual\n") == Gateway("https://llm.example.com", "sk-virtual")


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("llm.example.com", "sk-virtual", "no address"),
        ("127.0.0.1:4000", "sk-virtual", "no address"),
        ("http://[::1", "sk-virtual", "no address"),
        ("https://", "sk-virtual", "no address"),
        ("https://llm.example.com", "sk-virtual\nsk-other", "the key holds characters"),
        ("https://llm.example.com", "sk-ключ", "the key holds characters"),
    ],
)
def test_what_is_no_address_or_no_key_is_told_before_anybody_is_asked(url: str, key: str, said: str) -> None:
    """Without the key."""
    with pytest.raises(SuiteError, match=said) as refused:
        given_gateway(url, key)
    assert "sk-" not in str(refused.value)
