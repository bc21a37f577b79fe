"""The rules that ship, and the pages that say what to do about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.alerts.conditions.measure import QUERIES
from inferspect.observation.alert_conditions import Condition
from inferspect.observation.alert_rules import AlertRule
from inferspect.observation.alerts import AlertSettings
from inferspect.observation.durations import duration_text
from tests.docs.markdown import ROOT, table_rows

RULES = AlertSettings.model_validate(
    yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))["inferspect"]["alerts"]
).rules
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
ALERTS = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
SQL = re.compile(r"```sql\n(.*?)```", re.DOTALL)


def test_every_rule_that_ships_has_a_page_that_names_it() -> None:
    """And every page is of a rule."""
    named = {rule.runbook: rule for rule in RULES}
    assert {str(page.relative_to(ROOT)) for page in PAGES} == set(named)
    for rule in RULES:
        assert rule.runbook is not None
        assert f"`{rule.name}`" in (ROOT / rule.runbook).read_text(encoding="utf-8")
        assert f"`{rule.name}`" in ALERTS


def test_every_kind_of_condition_ships_in_a_rule() -> None:
    """So that the configuration shows each."""
    assert {rule.condition.type for rule in RULES} == set(QUERIES)


def test_nothing_is_sent_before_a_channel_is_named() -> None:
    """The rules that ship are evaluated from the start."""
    assert all(rule.enabled and rule.channels is None for rule in RULES)


@pytest.mark.parametrize("kind", sorted(QUERIES))
def test_the_table_of_conditions_has_their_defaults(kind: str) -> None:
    """Window and least number, as the code has them."""
    (row,) = [row for row in table_rows(ALERTS) if row[0] == f"`{kind}`"]
    score = {"score": "Relevance", "below": 0.6} if kind == "quality" else {}
    condition: Condition = AlertRule.model_validate({"name": "r", "condition": {"type": kind, **score}}).condition
    assert row[2] == ("" if condition.window is None else duration_text(condition.window))
    assert (row[3].split(" ")[0] or "1") == str(condition.min_requests)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_the_queries_of_a_page_run(engine: AsyncEngine, page: Path) -> None:
    """On the schema as it is."""
    teams = 'CREATE TABLE "LiteLLM_TeamTable" (team_alias text, spend float8, max_budget float8, budget_duration text,'
    async with engine.begin() as connection:
        await connection.execute(text(f"{teams} budget_reset_at timestamp)"))
        for query in SQL.findall(page.read_text(encoding="utf-8")):
            await connection.exec_driver_sql(query.replace("<tenant>", "acme"))
