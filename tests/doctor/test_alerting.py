"""The check of channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from inferspect.doctor import Examination, Level
from inferspect.doctor.alerting import check_channels


def examination(folder: Path, monkeypatch: pytest.MonkeyPatch, channels: str) -> Examination:
    file = folder / "litellm_config.yaml"
    file.write_text(f"inferspect:\n  alerts:\n    channels: {channels}\n", encoding="utf-8")
    monkeypatch.setenv("INFERSPECT_CONFIG", str(file))
    return Examination()


def test_no_channels_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_channels(examination(tmp_path, monkeypatch, "{}")).level is Level.INFO


def test_a_channel_whose_secret_is_missing_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway serves without it, so it is no error."""
    monkeypatch.delenv("HOOK", raising=False)
    patient = examination(tmp_path, monkeypatch, "{oncall: {type: slack, url: os.environ/HOOK}}")
    result = check_channels(patient)
    assert (result.level, result.message) == (Level.WARNING, "oncall: os.environ/HOOK is not set")
    assert result.remedy
    monkeypatch.setenv("HOOK", "https://hooks.example/services/x")
    assert check_channels(patient).level is Level.OK


def test_an_invalid_configuration_is_not_told_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_channels(examination(tmp_path, monkeypatch, "{oncall: {}}")).level is Level.INFO
