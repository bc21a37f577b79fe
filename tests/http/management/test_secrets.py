from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferspect.http.management.secrets import CUT, LONGEST_TEXT, Redactor, Room, parameters
from inferspect.store.audit.keys import AuditKeys

REDACTOR = Redactor(AuditKeys("salt-of-a-test"))
SECRET = "correct-horse-battery"
KEY = "sk-" + "a1b2c3d4e5f6a7b8"


@pytest.mark.parametrize(
    "value",
    [
        {"api_key": SECRET},
        {"OPENAI_API_KEY": SECRET},
        {"litellm_params": {"api_key": SECRET, "model": "m"}},
        {"litellm_params": {"a_parameter_that_nobody_knows": SECRET}},
        {"credential_values": {"anything": {"below": [SECRET]}}},
        {"environment_variables": {"SMTP_HOST": SECRET}},
        {"password": SECRET},
        {"new_password": SECRET},
        {"aws_secret_access_key": SECRET},
        {"key": SECRET},
        {"keys": [SECRET, SECRET]},
        {"token": SECRET},
        {"access_token": SECRET},
        {"Authorization": SECRET},
        {"headers": {"x-anything": SECRET}},
        {"callback_vars": {"langfuse_public": SECRET}},
        {"metadata": {"logging": [{"callback_vars": {"x": SECRET}}]}},
        {"field_name": "master_key", "field_value": SECRET},
        {"vertex_credentials": {"type": SECRET, "client_email": SECRET}.get("client_email")},
        {"note": f"use {KEY} please"},
        {KEY: 1},
        {"url": f"https://user:{SECRET}@example.com/x"},
        {"url": f"https://example.com/hook?token={SECRET}&x=1"},
        {"note": f"Bearer {SECRET}"},
        {"note": "AKIA" + "ABCDEFGHIJKLMNOP"},
        {"note": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"},
        {"note": "-----BEGIN " + f"PRIVATE KEY-----\n{SECRET}\n-----END " + "PRIVATE KEY-----"},
        {"note": "https://hooks.slack.com/services/" + "T0/B0/abc"},
        {"password": 123456},
        {"smtp_pwd": SECRET},
        {"sessionToken": SECRET},
        {"idToken": SECRET},
        {"idtoken": SECRET},
        {"connectionString": SECRET},
        {"AZURE_PAT": SECRET},
        {"pat": SECRET},
        {"clientSecret": SECRET},
        {"webhookUrl": SECRET},
        {"url": f"https://example.com/callback?code={SECRET}"},
        {"url": f"https://example.com/?x=1&X-Amz-Signature={SECRET}"},
        {"url": f"https://example.com/?client_secret={SECRET}"},
        {"url": f"https://discord.com/api/webhooks/123/{SECRET}"},
        {"url": f"https://example.webhook.office.com/webhookb2/{SECRET}@x/IncomingWebhook/{SECRET}"},
        {"urls": [f"tgram://{SECRET}/123", f"slack://a/b/{SECRET}", f"Notify at mailto://ada:{SECRET}@example.com"]},
        {"url": f"postgres://user:{SECRET}@{SECRET}@host/db"},
        {"url": f"postgres://user:pa/{SECRET}@host/db"},
        {"url": f"postgresql+psycopg://user:pa?{SECRET}@host/db"},
        {"url": f"https://{SECRET}@example.com/x"},
    ],
)
def test_a_secret_is_replaced(value: dict[str, Any]) -> None:
    shown = json.dumps(REDACTOR.content(value))
    planted = [SECRET, KEY, "ABCDEFGHIJKLMNOP", "c2lnbmF0dXJl", "B0/abc", "123456"]
    assert [secret for secret in planted if secret in shown] == []
    assert "[secret" in shown


@pytest.mark.parametrize(
    "value",
    [
        {"max_tokens": 100, "key_alias": "ada's", "team_id": "t", "tpm_limit": 5, "models": ["gpt-4o"]},
        {"litellm_params": {"model": "openai/gpt-4o", "api_base": "https://example.com", "tpm": 10}},
        {"api_key": "os.environ/OPENAI_API_KEY"},
        {"password": None, "blocked": True, "input_cost_per_token": 0.5, "keys": [], "api_key": ""},
        {"metadata": {"inferspect": {"pii": {"action": "mask"}}}},
        {"note": "risk-assessment of the key accounts"},
        {"maxTokens": 5, "path": "/x", "promptTokens": 7, "pattern": "a", "author": "ada", "encode": "utf-8"},
        {"url": "https://example.com:8443/v1/models?limit=5&author=ada", "host": "redis://cache:6379/0"},
        {"url": "https://example.com/services/llm/v1/webhook"},
        {"note": "see https://example.com/docs and write to ada@example.com"},
    ],
)
def test_what_is_no_secret_stays(value: dict[str, Any]) -> None:
    assert REDACTOR.content(value) == value


def test_a_change_of_a_secret_is_seen_and_the_same_one_looks_the_same() -> None:
    one, same, other = (REDACTOR.content({"api_key": secret}) for secret in (SECRET, SECRET, SECRET + "x"))
    assert one == same != other


def test_another_installation_makes_other_fingerprints() -> None:
    """Guesses cannot be tried without its salt key."""
    assert Redactor(AuditKeys("another")).content({"api_key": SECRET}) != REDACTOR.content({"api_key": SECRET})


def test_queries_and_paths_lose_their_secrets_too() -> None:
    assert KEY not in REDACTOR.text(f"/key/{KEY}/regenerate")
    assert SECRET not in str(REDACTOR.content(parameters(f"key={SECRET}&team_id=t")))
    assert REDACTOR.content(parameters("team_id=t&team_id=u")) == {"team_id": ["t", "u"]}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=15,
    )
)
def test_whatever_is_beside_it_a_secret_is_found(value: Any) -> None:
    """And nothing makes the search fail."""
    shown = json.dumps(REDACTOR.content([value, {"a": value, "secret": SECRET}, {"list": [{"password": SECRET}]}]))
    assert SECRET not in shown


def test_long_contents_are_cut() -> None:
    assert len(json.dumps(REDACTOR.content({"text": "x y " * 100_000}))) < 5_000


@pytest.mark.parametrize(
    "value",
    [
        {f"name-{number}" * 50: "value" * 100 for number in range(10_000)},
        ["x" * 300] * 100_000,
        [[[["x"] * 400] * 400] * 400],
        {"x" * 5_000_000: "y" * 5_000_000},
        {"\x00\ud800é" * 3_000: ["\x00\ud800é" * 3_000] * 400},
        {"password": ["x"] * 400, "a": [{"password": str(number)} for number in range(400)]},
    ],
    ids=["members", "list", "nested", "long", "escaped", "secrets"],
)
def test_no_content_takes_more_than_its_room(value: Any) -> None:
    """By the length of any JSON of it; what was begun is ended."""
    room = Room(10_000)
    shown = json.dumps(REDACTOR.content(value, room))
    assert len(shown) < 10_300
    assert json.dumps(CUT)[1:-1] in shown


def test_what_is_long_keeps_out_nothing_that_is_short() -> None:
    """Else a long description would hide the budget beside it."""
    shown = REDACTOR.content({"a": ["x" * 900] * 500, "b": {"c": ["y" * 900] * 500}, "max_budget": 7}, Room(2_000))
    assert shown["max_budget"] == 7


@pytest.mark.parametrize("before", [LONGEST_TEXT - 20, LONGEST_TEXT - 5, LONGEST_TEXT + 1_990])
def test_a_secret_at_the_cut_is_replaced_or_cut_off(before: int) -> None:
    assert KEY[:8] not in REDACTOR.text(" " * before + KEY)
