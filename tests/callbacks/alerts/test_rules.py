from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from callbacks.alerts.rules import InvalidRuleError, configured_rules, parse_rule, rules_in_force
from inferspect.configuration import load_configuration
from inferspect.configuration_file import ConfigurationError
from inferspect.observation.alert_rules import AlertRule
from inferspect.observation.alerts import AlertSettings
from inferspect.observation.durations import duration_text, parse_duration

QUALITY = {"type": "quality", "score": "Relevance", "below": 0.6}
WEBHOOK = {"type": "webhook", "url": "https://hooks.example.com/x", "secret": "os.environ/HOOK"}
GOOD: dict[str, Any] = {"name": "errors", "condition": {"type": "error_rate"}}
SETTINGS = AlertSettings.model_validate(
    {
        "channels": {"ops": WEBHOOK, "shared": WEBHOOK, "acme-only": WEBHOOK},
        "default_channels": ["ops"],
        "tenant_channels": {"shared": "*", "acme-only": ["acme"]},
        "rules": [GOOD, {**GOOD, "name": "quiet", "channels": []}],
    }
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("1d", 86400), ("2w", 1209600), ("0.5s", 0.5), (90, 90), ("0s", 0)],
)
def test_durations(text: str | float, seconds: float) -> None:
    """As a person writes them; what is told reads as the same."""
    duration = parse_duration(text)
    assert duration == timedelta(seconds=seconds)
    assert parse_duration(duration_text(duration)) == duration


@pytest.mark.parametrize("wrong", ["", "5", "5 m", "m", "-5m", "5y", "5m ", "1h30", "367d", True, None, [5], -1, 1e12])
def test_what_is_no_duration(wrong: Any) -> None:
    """It says so, with examples."""
    with pytest.raises(ValueError, match="must be"):
        parse_duration(wrong)


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"name": "Errors"}, ("name",), "pattern"),
        ({"name": ""}, ("name",), "pattern"),
        ({"condition": None}, ("condition",), "valid dictionary"),
        ({"condition": {}}, ("condition",), "discriminator 'type'"),
        ({"condition": {"type": "weather"}}, ("condition",), "does not match any of the expected tags"),
        (
            {"condition": {"type": "error_rate", "above": "a lot"}},
            ("condition", "error_rate", "above"),
            "must be a share such as 5%",
        ),
        ({"condition": {"type": "error_rate", "above": 1.5}}, ("condition", "error_rate", "above"), "less than or"),
        ({"condition": {"type": "latency", "above": "0s"}}, ("condition", "latency", "above"), "from 0.001s"),
        ({"condition": {"type": "latency", "percentile": 100}}, ("condition", "latency", "percentile"), "less than"),
        ({"condition": {"type": "error_rate", "limit": 1}}, ("condition", "error_rate", "limit"), "not permitted"),
        ({"condition": {"type": "quality"}}, ("condition", "quality", "score"), "required"),
        ({"condition": {**QUALITY, "score": "Relevence"}}, ("condition", "quality", "score"), "did you mean Relevance"),
        ({"condition": {**QUALITY, "above": 0.5}}, ("condition", "quality"), "either below or above"),
        ({"condition": {"type": "quality", "score": "Relevance"}}, ("condition", "quality"), "either below or above"),
        ({"condition": {**QUALITY, "below": 60}}, ("condition", "quality"), "below: Relevance is from 0 to 1"),
        ({"condition": {**QUALITY, "below": 0}}, ("condition", "quality"), "always, or never"),
        ({"condition": {**QUALITY, "below": math.nan}}, ("condition", "quality", "below"), "finite"),
        ({"condition": {"type": "cost", "above": math.inf}}, ("condition", "cost", "above"), "finite"),
        ({"condition": {"type": "cost", "min_cost": math.inf}}, ("condition", "cost", "min_cost"), "finite"),
        ({"condition": {"type": "error_rate", "above": math.nan}}, ("condition", "error_rate", "above"), "finite"),
        (
            {"condition": {"type": "guardrail_spike", "above": math.inf}},
            ("condition", "guardrail_spike", "above"),
            "fin",
        ),
        ({"for": "five minutes"}, ("for",), "must be a duration"),
        ({"window": "0s"}, ("window",), "must be from 0.001s"),
        ({"window": "2d"}, ("window",), "looks at 1d at most"),
        ({"condition": {"type": "budget"}, "window": "5m"}, ("window",), "of the moment and has no window"),
        ({"severity": "dire"}, ("severity",), "'info', 'warning' or 'critical'"),
        ({"scope": "tenant"}, ("scope",), "must be global, per_tenant, or a list"),
        ({"condition": {"type": "spool_age"}, "scope": "per_tenant"}, (), "is of the whole gateway"),
        ({"min_requests": 0}, ("min_requests",), "greater than or equal to 1"),
        ({"repeat_every": "5s"}, ("repeat_every",), "must be from 1m to 366d"),
        ({"labels": {"team name": "x"}}, ("labels", "team name", "[key]"), "pattern"),
        ({"chanels": ["ops"]}, ("chanels",), "not permitted"),
    ],
)
def test_a_wrong_rule_is_named_with_its_path(change: dict[str, Any], path: tuple[str, ...], says: str) -> None:
    """In the configuration, at load."""
    with pytest.raises(ValidationError) as caught:
        AlertSettings.model_validate({"rules": [GOOD, {**GOOD, "name": "second", **change}]})
    (problem,) = caught.value.errors()
    assert problem["loc"] == ("rules", 1, *path)
    assert says in problem["msg"]


@pytest.mark.parametrize(
    ("settings", "path", "says"),
    [
        ({"rules": [GOOD, GOOD]}, ("rules", 1, "name"), "names are unique"),
        ({"rules": [{**GOOD, "channels": ["nobody"]}]}, ("rules", 0, "channels", 0), "does not have (there are: ops)"),
        ({"default_channels": ["nobody"]}, ("default_channels", 0), "does not have"),
        ({"tenant_channels": {"nobody": "*"}}, ("tenant_channels", "nobody"), "does not have"),
        ({"every": 0}, ("every",), "greater than or equal to 1"),
    ],
)
def test_wrong_settings_are_named_with_their_path(settings: dict[str, Any], path: tuple[Any, ...], says: str) -> None:
    """Names that are doubled or that lead nowhere."""
    with pytest.raises(ValidationError) as caught:
        AlertSettings.model_validate({"channels": {"ops": WEBHOOK}, **settings})
    (problem,) = caught.value.errors()
    assert problem["loc"] == path
    assert says in problem["msg"]


def test_the_gateway_does_not_start_with_a_wrong_rule(tmp_path: Path) -> None:
    """The message has file, line and path, as for any other setting."""
    file = tmp_path / "litellm_config.yaml"
    file.write_text(
        "inferspect:\n  alerts:\n    rules:\n      - name: errors\n        condition: {type: error_rate}\n"
        "        channels: [oncall]\n"
    )
    with pytest.raises(ConfigurationError, match=r"inferspect\.alerts\.rules\.0\.channels\.0") as caught:
        load_configuration(file)
    assert "oncall" in str(caught.value)


def test_a_score_of_the_operators_own_can_be_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known by the time that the rules are read."""
    (tmp_path / "politeness_of_ours.py").write_text(
        "from inferspect.observation.scorer import Response, Score, Scorer\n"
        "class Polite(Scorer):\n"
        "    name = 'Politeness of ours'\n"
        "    def score(self, response: Response) -> Score:\n"
        "        return Score(1.0)\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "config.yaml"
    rule = {"name": "rude", "condition": {"type": "quality", "score": "Politeness of ours", "below": 0.5}}
    content = {"quality": {"scorers": ["politeness_of_ours:Polite"]}, "alerts": {"rules": [rule]}}
    file.write_text(yaml.safe_dump({"inferspect": content}), encoding="utf-8")
    assert load_configuration(file).settings.alerts.rules[0].condition.threshold == 0.5


def test_a_rule_comes_back_as_it_was_written() -> None:
    """What is stored of a rule by API is read as the same rule."""
    rule = AlertRule.model_validate(
        {**GOOD, "for": "5m", "window": "90s", "scope": ["a"], "repeat_every": "4h", "labels": {"team": "ops"}}
    )
    written = rule.model_dump(mode="json", exclude_unset=True)
    assert written["for"] == "5m"
    assert AlertRule.model_validate(written) == rule


def test_rules_without_channels_have_the_default_ones() -> None:
    """An empty list means none."""
    assert [owned.channels for owned in configured_rules(SETTINGS)] == [("ops",), ()]


def test_a_tenant_may_name_channels_that_are_open_to_it_and_no_other() -> None:
    """The operator opens them; there are no default ones for tenants."""
    assert parse_rule({**GOOD, "channels": ["shared", "acme-only"]}, "acme", SETTINGS).channels == (
        "shared",
        "acme-only",
    )
    assert parse_rule(GOOD, "acme", SETTINGS).channels == ()
    for channel in ("ops", "acme-only", "nobody"):
        with pytest.raises(InvalidRuleError, match="no channel that is open to this tenant"):
            parse_rule({**GOOD, "channels": [channel]}, "umbrella", SETTINGS)
    with pytest.raises(InvalidRuleError, match="there is no channel 'nobody'"):
        parse_rule({**GOOD, "channels": ["nobody"]}, "", SETTINGS)


@pytest.mark.parametrize("scope", ["global", "per_tenant", ["umbrella"]])
def test_a_tenants_rule_sees_that_tenant_only(scope: Any) -> None:
    """Whatever it says."""
    assert parse_rule({**GOOD, "scope": scope}, "acme", SETTINGS).rule.scope == ("acme",)


@pytest.mark.parametrize("kind", ["spool_age", "dead_letters", "invalid_rules"])
def test_a_tenant_may_not_watch_the_whole_gateway(kind: str) -> None:
    """These figures are of all tenants."""
    with pytest.raises(InvalidRuleError, match="of the whole gateway"):
        parse_rule({**GOOD, "condition": {"type": kind}}, "acme", SETTINGS)


def row(owner: str, **rule: Any) -> dict[str, Any]:
    content = {**GOOD, **rule}
    return {"owner": owner, "name": content["name"], "rule": content}


def test_what_cannot_be_used_does_not_keep_the_others_from_being_used() -> None:
    """A rule of a later version, and one whose name the configuration has since taken."""
    found = rules_in_force(
        SETTINGS,
        [
            row("", name="later", condition={"type": "weather"}),
            row("", name="errors"),
            row("acme", name="errors"),
            row("", name="off", enabled=False),
        ],
    )
    assert [owned.key for owned in found.rules] == [("", "errors"), ("", "quiet"), ("acme", "errors")]
    assert set(found.problems) == {("", "later"), ("", "errors")}


def test_a_channel_that_is_gone_takes_no_rule_with_it() -> None:
    """Nor does one that is closed to the tenant since."""
    found = rules_in_force(
        SETTINGS,
        [row("", name="mine", channels=["gone", "ops"]), row("umbrella", name="theirs", channels=["acme-only"])],
    )
    assert [owned.channels for owned in found.rules[2:]] == [("ops",), ()]
    assert found.problems == {}
