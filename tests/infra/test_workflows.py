"""The workflows of GitHub Actions, as far as they can be looked through without running them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "prompt-repository" / ".github" / "workflows" / "prompts.yml"
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), EXAMPLE]
EVALUATE = ROOT / ".github" / "workflows" / "evaluate.yml"
MAKE = re.compile(r"\bmake (?:-C \S+ )?([a-z-]+)")


def read(path: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def on(workflow: dict[Any, Any]) -> dict[str, Any]:
    """YAML reads the word as a truth value."""
    triggers: dict[str, Any] = workflow[True]
    return triggers


def steps(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


@each
def test_nothing_from_outside_becomes_part_of_a_script(path: Path) -> None:
    """What somebody names a branch, or gives as an input, reaches a script by its environment only."""
    assert not [step["run"] for step in steps(read(path)) if "${{" in step.get("run", "")]


@each
def test_a_workflow_may_only_read_unless_a_job_says_more(path: Path) -> None:
    workflow = read(path)
    allowed = {"contents": "read"} if path != EXAMPLE else {"contents": "read", "pull-requests": "write"}
    assert workflow["permissions"] == allowed
    for job in workflow["jobs"].values():
        assert job.get("permissions", {}).items() <= {"contents": "read", "pull-requests": "write"}.items()
        assert "uses" in job or job["timeout-minutes"] <= 90


@each
def test_every_action_is_named_with_its_version_and_no_checkout_leaves_a_token(path: Path) -> None:
    for step in steps(read(path)):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@each
def test_every_target_of_make_is_there(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for step in steps(read(path)) for name in MAKE.findall(step.get("run", ""))} <= targets


def test_results_are_kept_and_told_also_where_the_gate_fails() -> None:
    for workflow in (read(EVALUATE), {"jobs": {"evaluate": read(WORKFLOWS[0])["jobs"]["evaluate"]}}):
        ran = [step for step in steps(workflow) if "eval run" in step.get("run", "")]
        after = steps(workflow)[steps(workflow).index(ran[0]) + 1 :]
        assert len(after) == 3
        assert all("!cancelled()" in step["if"] for step in after)


def test_the_example_calls_the_reusable_workflow_with_what_it_asks_for() -> None:
    asked, call = on(read(EVALUATE))["workflow_call"], read(EXAMPLE)["jobs"]["evaluate"]
    assert f"/{EVALUATE.relative_to(ROOT).as_posix()}@" in call["uses"]
    assert {name for name, value in asked["inputs"].items() if value.get("required")} <= set(call["with"])
    assert set(call["with"]) <= set(asked["inputs"])
    assert set(call["secrets"]) == {name for name, value in asked["secrets"].items() if value["required"]}


def test_the_key_reaches_only_the_step_that_asks_the_gateway() -> None:
    holders = [step for step in steps(read(EVALUATE)) if "secrets." in yaml.safe_dump(step)]
    assert [step["name"] for step in holders] == ["Evaluate"]
