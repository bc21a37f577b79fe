from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from inferspect.observation.langfuse import LangfuseSettings, default_host
from inferspect.tenancy.langfuse_rules import LangfuseRules


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"host": "cloud.langfuse.com"}, "must be an address"),
        ({"host": "ftp://cloud.langfuse.com"}, "must be an address"),
        ({"host": "https://user:key@cloud.langfuse.com"}, "without a key in it"),
        ({"host": "https://cloud.langfuse.com?a=1"}, "must be an address"),
        ({"host": "https://cloud.langfuse.com:port"}, "[Pp]ort"),
        ({"host": "http://xn--zz---.com"}, "no name in the DNS"),
        ({"host": "http://\u00e9\u200b.com"}, "no name in the DNS"),
        ({"public_key": "pk-lf-1"}, "must be a reference"),
        ({"secret_key": "os.environ/NOT_SET_ANYWHERE"}, "os.environ/NOT_SET_ANYWHERE is not set"),
        ({"sample_rate": 2}, "less than or equal to 1"),
        ({"environment": "Production"}, "lower-case"),
        ({"environment": "langfuse-own"}, "not begin with langfuse"),
        ({"allowed_hosts": ["*"]}, "must be an address"),
        ({"hots": "https://cloud.langfuse.com"}, "Extra inputs"),
    ],
)
def test_wrong_settings_are_told_at_the_start(wrong: dict[str, Any], why: str) -> None:
    """And not when the first trace is to be sent."""
    with pytest.raises(ValidationError, match=why):
        LangfuseSettings.model_validate(wrong)


def test_references_of_what_is_switched_off_need_not_be_there() -> None:
    """One configuration serves a machine without Langfuse, too."""
    assert not LangfuseSettings.model_validate({"enabled": False, "secret_key": "os.environ/NOT_SET_ANYWHERE"}).enabled


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"public_key": "os.environ/A"}, "both public_key and secret_key"),
        ({"host": "https://cloud.langfuse.com"}, "host needs public_key and secret_key"),
        ({"secret_key": "sk-lf-1", "public_key": "os.environ/A"}, "must be a reference"),
    ],
)
def test_wrong_rules_are_refused(wrong: dict[str, Any], why: str) -> None:
    """Rules lead to a project, or say nothing about one."""
    with pytest.raises(ValidationError, match=why):
        LangfuseRules.model_validate(wrong)


@pytest.mark.parametrize(
    ("settings", "variables", "host"),
    [
        ({}, {}, "https://cloud.langfuse.com"),
        ({}, {"LANGFUSE_HOST": "http://one:3000/"}, "http://one:3000"),
        ({}, {"LANGFUSE_HOST": "http://one:3000", "LANGFUSE_BASE_URL": "https://Two:443"}, "https://two"),
        ({"host": "http://[::1]:80/langfuse/"}, {"LANGFUSE_BASE_URL": "https://two"}, "http://[::1]/langfuse"),
    ],
)
def test_the_address_is_found_where_users_of_langfuse_put_it(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], variables: dict[str, str], host: str
) -> None:
    """The setting, then the variables of Langfuse's SDK, then the cloud."""
    for name in ("LANGFUSE_BASE_URL", "LANGFUSE_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_host(LangfuseSettings.model_validate(settings)) == host


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person can see what to correct."""
    monkeypatch.setenv("LANGFUSE_BASE_URL", "localhost:3000")
    with pytest.raises(ValueError, match="LANGFUSE_BASE_URL must be an address"):
        default_host(LangfuseSettings())
