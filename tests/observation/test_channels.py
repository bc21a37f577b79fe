"""Settings of channels: what is refused at load, and how it is told."""

from __future__ import annotations

import base64
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from inferspect.configuration import load_configuration
from inferspect.configuration_file import ConfigurationError
from inferspect.observation.channel_checks import problems_of
from inferspect.observation.channels import BaseChannel
from inferspect.settings import settings_from

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
HOOK = "https://hooks.example/services/T0000/" + "abcdefgh" * 3

SLACK = {"type": "slack", "url": "os.environ/HOOK"}
TEAMS = {"type": "teams", "url": "os.environ/HOOK"}
PAGERDUTY = {"type": "pagerduty", "routing_key": "os.environ/HOOK"}
EMAIL = {"type": "email", "host": "mail.example", "sender": "a@example.com", "recipients": ["b@example.com"]}
APPRISE = {"type": "apprise", "url": "os.environ/HOOK"}
WEBHOOK = {"type": "webhook", "url": "https://receiver.example/", "secret": "os.environ/SIGNING"}
CUSTOM = {"type": "custom", "factory": "email.message:EmailMessage"}


def channel(**settings: Any) -> BaseChannel:
    return settings_from({"alerts": {"channels": {"oncall": settings}}}).alerts.channels["oncall"]


@pytest.mark.parametrize("settings", [SLACK, TEAMS, PAGERDUTY, EMAIL, APPRISE, WEBHOOK, CUSTOM])
def test_the_least_of_each_kind_is_enough(settings: dict[str, Any]) -> None:
    made = channel(**settings)
    assert made.takes("info", None, None)
    assert made.model_dump(mode="json")["type"] == settings["type"]


@pytest.mark.parametrize(
    ("settings", "path", "why"),
    [
        ({"type": "slakc"}, (), "slack"),
        ({"url": "os.environ/HOOK"}, (), "type"),
        ({**SLACK, "url": HOOK}, ("slack", "url"), "must be a reference"),
        ({**SLACK, "uri": "x"}, ("slack", "uri"), "not permitted"),
        ({**SLACK, "timeout": 0}, ("slack", "timeout"), "greater than 0"),
        ({**SLACK, "min_severity": "high"}, ("slack", "min_severity"), "critical"),
        ({**SLACK, "title": "{{ nope }}"}, ("slack", "title"), "line 1 of the template"),
        ({**TEAMS, "body": "{{ ''.__class__ }}"}, ("teams", "body"), "SecurityError"),
        ({**PAGERDUTY, "url": "events.pagerduty.com"}, ("pagerduty", "url"), "must begin with https://"),
        ({**WEBHOOK, "url": "ftp://receiver.example/"}, ("webhook", "url"), "must begin with https://"),
        ({**WEBHOOK, "url": "https://a:b@receiver.example/"}, ("webhook", "url"), "login"),
        ({**WEBHOOK, "url": "os.environ/1"}, ("webhook", "url"), "must be a reference"),
        ({**WEBHOOK, "url": 1}, ("webhook", "url"), "must be a URL"),
        ({**WEBHOOK, "secret": SECRET}, ("webhook", "secret"), "must be a reference"),
        ({**WEBHOOK, "title": "x"}, ("webhook", "title"), "not permitted"),
        ({**EMAIL, "recipients": []}, ("email", "recipients"), "at least 1"),
        ({**EMAIL, "recipients": ["b"]}, ("email", "recipients", 0), "one address"),
        ({**EMAIL, "sender": "A <a@example.com>"}, ("email", "sender"), "one address"),
        ({**EMAIL, "sender": "a@example.com\r\nBcc: c@example.com"}, ("email", "sender"), "control characters"),
        ({**EMAIL, "sender": "ä@example.com"}, ("email", "sender"), "one address"),
        ({**EMAIL, "host": "a\nb"}, ("email", "host"), "control characters"),
        ({**EMAIL, "username": "u"}, ("email",), "together"),
        ({**EMAIL, "password": "os.environ/HOOK"}, ("email",), "together"),
        (
            {**EMAIL, "username": "u", "password": "os.environ/HOOK", "security": "none"},
            ("email",),
            "without encryption",
        ),
        ({**CUSTOM, "factory": "module"}, ("custom", "factory"), "pattern"),
        ({**CUSTOM, "credentials": {"key": "itself"}}, ("custom", "credentials", "key"), "must be a reference"),
    ],
)
def test_a_wrong_channel_is_refused_at_its_place(
    settings: dict[str, Any], path: tuple[str | int, ...], why: str
) -> None:
    with pytest.raises(ValidationError, match=why) as refused:
        channel(**settings)
    assert refused.value.errors()[0]["loc"] == ("alerts", "channels", "oncall", *path)


def test_the_configuration_tells_path_and_line_and_no_secret(tmp_path: Path) -> None:
    """The kind of a channel, which pydantic puts into its path, is not in the file."""
    file = tmp_path / "litellm_config.yaml"
    file.write_text(
        f"""\
inferspect:
  alerts:
    channels:
      first:
        type: slack
        url: {HOOK}
      second:
        type: slack
        url: os.environ/HOOK
        body: |
          fine
          {{{{ nope }}}}
      third:
        typ: teams
        url: {HOOK}
      fourth:
        type: webhook
        url: https://name:{"pass" * 3}@receiver.example/
        secret: os.environ/SIGNING
        colour: red
""",
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError) as refused:
        load_configuration(file)
    told = str(refused.value)
    assert "litellm_config.yaml:6: inferspect.alerts.channels.first.url: must be a reference" in told
    assert "litellm_config.yaml:10: inferspect.alerts.channels.second.body: line 2 of the template" in told
    assert "litellm_config.yaml:13: inferspect.alerts.channels.third: " in told
    assert "litellm_config.yaml:18: inferspect.alerts.channels.fourth.url: the URL must not hold a login" in told
    assert "litellm_config.yaml:20: inferspect.alerts.channels.fourth.colour: is no setting" in told
    assert "abcdefgh" not in told
    assert "passpass" not in told


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", HOOK)
    monkeypatch.setenv("SIGNING", SECRET)
    monkeypatch.setenv("WRONG", "not-" + "a-url" * 3)
    monkeypatch.setenv("PLAIN", HOOK.replace("https", "http"))
    monkeypatch.setenv("PRIVATE", "https://169.254.169.254/hook")
    monkeypatch.setenv("DISCORD", "discord://" + "1" * 18 + "/" + "t" * 64)


@pytest.mark.parametrize(
    "settings", [SLACK, TEAMS, PAGERDUTY, EMAIL, {**APPRISE, "url": "os.environ/DISCORD"}, WEBHOOK, CUSTOM]
)
def test_a_channel_whose_secrets_are_in_order_has_no_problems(settings: dict[str, Any], secrets: None) -> None:
    assert problems_of(channel(**settings), ()) == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({**SLACK, "url": "os.environ/NOT_SET"}, "os.environ/NOT_SET is not set"),
        ({**SLACK, "url": "file:/no/such/file"}, "file:/no/such/file cannot be read"),
        ({**SLACK, "url": "os.environ/WRONG"}, "url (os.environ/WRONG): the URL must begin with https://"),
        ({**TEAMS, "url": "os.environ/PRIVATE"}, "169.254.169.254 is not public"),
        ({**WEBHOOK, "url": "os.environ/PRIVATE"}, "169.254.169.254 is not public"),
        ({**WEBHOOK, "url": "https://127.0.0.1/"}, "127.0.0.1 is not public"),
        ({**WEBHOOK, "url": "https://localhost/"}, "localhost is 127.0.0.1, ::1, which is not public"),
        ({**WEBHOOK, "url": "https://hooks.localhost:8443/"}, "127.0.0.1, ::1, which is not public"),
        ({**WEBHOOK, "url": "http://2130706433/"}, "2130706433 is 127.0.0.1, which is not public"),
        ({**WEBHOOK, "url": "https://0x7f.1/"}, "is 127.0.0.1, which is not public"),
        ({**WEBHOOK, "url": "https://[::ffff:10.0.0.1]/"}, "which is not public"),
        ({**WEBHOOK, "url": "http://8.8.8.8/?token=a-url"}, "8.8.8.8 is reached by https only"),
        ({**WEBHOOK, "url": "http://hooks.example.com/a-url"}, "hooks.example.com is reached by https only"),
        ({**SLACK, "url": "os.environ/PLAIN"}, "url (os.environ/PLAIN): hooks.example is reached by https only"),
        ({**PAGERDUTY, "url": "http://10.0.0.1/x"}, "url: 10.0.0.1 is not public"),
        ({**PAGERDUTY, "url": "http://events.example/x"}, "events.example is reached by https only"),
        ({**EMAIL, "host": "localhost"}, "host: localhost is 127.0.0.1, ::1, which is not public"),
        ({**WEBHOOK, "secret": "os.environ/WRONG"}, "os.environ/WRONG must be `whsec_`"),
        ({**WEBHOOK, "previous_secret": "os.environ/WRONG"}, "os.environ/WRONG must be `whsec_`"),
        ({**EMAIL, "host": "10.0.0.25"}, "10.0.0.25 is not public"),
        ({**EMAIL, "username": "u", "password": "os.environ/NOT_SET"}, "os.environ/NOT_SET is not set"),
        ({**APPRISE, "url": "os.environ/WRONG"}, "url (os.environ/WRONG): it is no URL that Apprise knows"),
        ({**CUSTOM, "factory": "no_such_module:x"}, "there is no module no_such_module"),
        ({**CUSTOM, "credentials": {"key": "os.environ/NOT_SET"}}, "os.environ/NOT_SET is not set"),
    ],
)
def test_what_only_secrets_tell_is_found_without_sending(settings: dict[str, Any], problem: str, secrets: None) -> None:
    (found,) = problems_of(channel(**settings), ())
    assert problem in found
    assert "a-url" not in found


def test_an_address_in_an_allowed_network_is_no_problem(secrets: None) -> None:
    settings = settings_from(
        {
            "access": {"outgoing_networks": ["10.0.0.0/8"]},
            "alerts": {"channels": {"mail": {**EMAIL, "host": "10.0.0.25"}}},
        }
    )
    assert problems_of(settings.alerts.channels["mail"], settings.access.outgoing_networks) == []


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://hooks.example.com/", "https://hooks.example.com/"])
def test_a_network_that_is_allowed_may_be_the_receivers(url: str, secrets: None) -> None:
    """Without encryption, too: where a name leads is known when something is sent."""
    assert problems_of(channel(**{**WEBHOOK, "url": url}), [ip_network("10.0.0.0/8")]) == []


def test_without_encryption_only_what_is_allowed_is_reached(secrets: None) -> None:
    (found,) = problems_of(channel(**{**WEBHOOK, "url": "http://8.8.8.8/"}), [ip_network("10.0.0.0/8")])
    assert "8.8.8.8 is reached by https only" in found


@pytest.mark.parametrize(
    ("key", "is_right"),
    [
        ("whsec_" + base64.b64encode(b"k" * 24).decode(), True),
        ("whsec_" + base64.b64encode(b"k" * 64).decode().rstrip("="), True),
        ("whsec_" + base64.b64encode(b"k" * 23).decode(), False),
        ("whsec_" + base64.b64encode(b"k" * 65).decode(), False),
        (base64.b64encode(b"k" * 32).decode(), False),
        ("whsec_", False),
        ("whsec_not base64!", False),
    ],
)
def test_secrets_of_webhooks_are_those_of_the_scheme(key: str, is_right: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING", key)
    assert (problems_of(channel(**WEBHOOK), ()) == []) is is_right
