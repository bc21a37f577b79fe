"""docs/settings.md is what the code says."""

from __future__ import annotations

from inferspect.settings_reference import PAGE, launch_entries, page, rules_entries, settings_entries


def test_the_page_is_the_generated_one() -> None:
    """Where this fails, run ``make docs``."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_setting_has_a_description() -> None:
    entries = [*launch_entries(), *settings_entries(), *rules_entries()]
    assert [entry.name for entry in entries if not entry.description.strip()] == []


def test_a_variable_sets_the_setting_that_it_is_listed_for() -> None:
    variables = {entry.name: entry.variable for entry in settings_entries()}
    assert variables["events.ship_every"] == "INFERSPECT_EVENTS__SHIP_EVERY"
    assert variables["default_rules.pii.enabled"] == "INFERSPECT_DEFAULT_RULES__PII__ENABLED"


def test_rules_that_are_objects_are_shown_with_their_members() -> None:
    written = page()
    assert "| `pii.entities` | map from text to [`EntityRule`](#entityrule) |" in written
    assert "### `EntityRule`" in written
    assert "| `model` | text, at most 256 characters | must be given |" in written
