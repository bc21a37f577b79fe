from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from inferspect.settings import LaunchSettings, Settings, settings_from


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "NUM_WORKERS", "DATABASE_URL", "REDIS_URL", "LITELLM_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_without_anything_the_defaults_hold() -> None:
    """No section and an empty section are the same."""
    assert settings_from(None) == settings_from({}) == Settings()
    assert settings_from(None).limits.max_json_bytes == 10 * 1024**2


def test_the_file_wins_over_the_default() -> None:
    """A value of the section replaces the default, its neighbours keep theirs."""
    events = settings_from({"events": {"ship_every": 9}}).events
    assert (events.ship_every, events.ship_batch) == (9, 500)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable replaces the one value it names; the file's other values of the section stay."""
    monkeypatch.setenv("INFERSPECT_EVENTS__SHIP_EVERY", "0.5")
    monkeypatch.setenv("INFERSPECT_ACCESS__TRUSTED_PROXIES", '["10.0.0.0/8"]')
    settings = settings_from({"events": {"ship_every": 9, "ship_batch": 7}})
    assert (settings.events.ship_every, settings.events.ship_batch) == (0.5, 7)
    assert str(settings.access.trusted_proxies[0]) == "10.0.0.0/8"


def test_variables_of_the_launcher_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """INFERSPECT_HOME and its like share the prefix and are not refused."""
    monkeypatch.setenv("INFERSPECT_HOME", "/somewhere")
    monkeypatch.setenv("INFERSPECT_DEMO_URL", "http://127.0.0.1:1")
    assert settings_from(None) == Settings()


@pytest.mark.parametrize(
    "section",
    [
        {"events": {"ship_batch": 0}},
        {"events": {"ship_batch": 10_001}},
        {"events": {"settle_after": -1}},
        {"limits": {"max_json_bytes": 1023}},
        {"log": {"format": "xml"}},
        {"access": {"trusted_proxies": ["10.0.0.1/8"]}},
        {"unknown": 1},
        {"embedded": {"kafka": True}},
    ],
)
def test_a_wrong_value_is_refused(section: dict[str, object]) -> None:
    """Nothing out of range, misspelt or with host bits set is accepted."""
    with pytest.raises(ValidationError):
        settings_from(section)


@pytest.mark.parametrize("section", [5, "text", [], False, [("log", {})]])
def test_a_section_that_is_no_mapping_is_refused(section: object) -> None:
    """Anything but a mapping is a TypeError, also where Python could make a dict of it."""
    with pytest.raises(TypeError):
        settings_from(section)  # type: ignore[arg-type]


def test_settings_do_not_change_after_they_are_read() -> None:
    """A frozen model: what a worker started with holds until it ends."""
    settings = settings_from(None)
    with pytest.raises(ValidationError):
        settings.log.level = "debug"  # type: ignore[misc]


def test_every_setting_says_what_it_is() -> None:
    """docs/settings.md is made of these descriptions."""

    def leaves(model: type[BaseModel], path: str) -> Iterator[tuple[str, str | None]]:
        for name, field in model.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from leaves(kind, f"{path}{name}.")
            else:
                yield f"{path}{name}", field.description

    described = [*leaves(Settings, ""), *leaves(LaunchSettings, "")]
    assert [path for path, text in described if not text] == []


def test_an_empty_variable_of_the_launcher_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files hand on empty variables; they mean the default."""
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("DATABASE_URL", "")
    launch = LaunchSettings()
    assert (launch.port, launch.database_url) == (4000, None)
    assert launch.inferspect_config == Path("litellm_config.yaml")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "0"), ("PORT", "65536"), ("NUM_WORKERS", "none"), ("LITELLM_MASTER_KEY", "short"), ("NUM_WORKERS", "0")],
)
def test_a_wrong_variable_of_the_launcher_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The error names the field."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        LaunchSettings()
