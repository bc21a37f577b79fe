"""The settings in force."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from inferspect.doctor import Examination
from inferspect.doctor.effective import effective_settings
from inferspect.doctor.report import as_json

REFERENCE = "os.environ/SOMETHING"
CHANNELS = {
    "slack": {"type": "slack", "url": REFERENCE},
    "teams": {"type": "teams", "url": REFERENCE},
    "pager": {"type": "pagerduty", "routing_key": REFERENCE, "url": "https://events.example/v2?token=s3cr3t"},
    "mail": {"type": "email", "host": "mail.example", "sender": "a@example.com", "recipients": ["b@example.com"]},
    "apprise": {"type": "apprise", "url": REFERENCE},
    "hook": {"type": "webhook", "url": "https://receiver.example/hook?token=s3cr3t", "secret": REFERENCE},
    "own": {
        "type": "custom",
        "factory": "email.message:EmailMessage",
        "options": {"mirrors": ["https://name:s3cr3t@mirror.example/"]},
        "credentials": {"key": REFERENCE},
    },
}
RULES = [{"name": "errors", "condition": {"type": "error_rate", "above": "5%"}, "window": "5m", "for": "90s"}]


def test_channels_and_rules_are_shown_as_written_without_what_is_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind of channel; durations as durations, references as references."""
    file = tmp_path / "litellm_config.yaml"
    file.write_text(yaml.safe_dump({"inferspect": {"alerts": {"channels": CHANNELS, "rules": RULES}}}))
    monkeypatch.setenv("INFERSPECT_CONFIG", str(file))
    settings = effective_settings(Examination())
    shown = {setting.name: setting.value for setting in settings}
    assert shown["alerts.channels"].keys() == CHANNELS.keys()
    assert shown["alerts.channels"]["slack"]["url"] == REFERENCE
    assert shown["alerts.channels"]["hook"]["url"] == "https://receiver.example/hook?(hidden)"
    assert (shown["alerts.rules"][0]["window"], shown["alerts.rules"][0]["for"]) == ("5m", "1m30s")
    assert "s3cr3t" not in as_json(settings)
