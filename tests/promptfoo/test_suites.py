"""The suites as they are committed: their files fit together, and the simulator's script fits their cases."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from evals.suites.toolchain import find_toolchain
from guardrails.local import LocalGuardrails, local_guardrails
from inferspect.prompts.file import read_prompt
from inferspect.settings import LaunchSettings
from inferspect.testing.upstream.conversation import Conversation
from inferspect.testing.upstream.openai_chat import read
from inferspect.testing.upstream.script import Rule, Script

FOLDER = Path(__file__).parents[2] / "promptfoo"
SUITES = sorted(path.parent for path in FOLDER.glob("suites/*/suite.yaml"))
CASE_METADATA = {"id", "repeat", "pass_threshold", "source"}
CERTAIN = 0.0  # what a generator draws for rules with a chance


@dataclass(frozen=True)
class Case:
    suite: Path
    description: str
    test: dict[str, Any]
    messages: list[dict[str, Any]]

    def conversation(self, messages: list[dict[str, Any]] | None = None) -> Conversation:
        return read({"model": "demo", "messages": messages or self.messages})


def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def cases_in(suite: Path) -> list[dict[str, Any]]:
    return list(itertools.chain.from_iterable(content(path) for path in sorted(suite.glob("cases/*.yaml"))))


def script() -> Script:
    return Script.of(itertools.chain.from_iterable(content(suite / "answers.yaml") or [] for suite in scripted()))


def scripted() -> list[Path]:
    return [suite for suite in SUITES if (suite / "answers.yaml").is_file()]


def cases() -> Iterator[Case]:
    """Each case with each prompt of its suite."""
    for suite in SUITES:
        settings = content(suite / "suite.yaml")
        shared = settings.get("defaultTest", {}).get("vars", {})
        for prompt, test in itertools.product(settings["prompts"], cases_in(suite)):
            variables = {name: value_of(suite, value) for name, value in {**shared, **test.get("vars", {})}.items()}
            messages = [*prompt_of(prompt["config"], variables), *variables.get("messages", [])]
            yield Case(suite, test["description"], test, messages)


def value_of(suite: Path, value: Any) -> Any:
    is_file = isinstance(value, str) and value.startswith("file://")
    return (suite / value.removeprefix("file://")).read_text(encoding="utf-8").strip() if is_file else value


def prompt_of(config: dict[str, Any], variables: dict[str, Any]) -> list[dict[str, Any]]:
    folder = FOLDER / "prompts" / config["name"]
    version = config.get("version") or max(int(path.stem[1:]) for path in folder.glob("v*.md"))
    return read_prompt(folder / f"v{version}.md", config["name"], version).render(variables)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def rules_of(suite: Path) -> dict[str, Any]:
    rules: dict[str, Any] = content(suite / "suite.yaml").get("metadata", {}).get("inferspect", {}).get("rules", {})
    return rules


def guarded(suite: Path) -> LocalGuardrails:
    settings = LaunchSettings(INFERSPECT_CONFIG=FOLDER.parent / "litellm_config.yaml")
    return local_guardrails(settings, rules_of(suite), "suite")


async def as_the_model_sees_it(case: Case, guardrails: LocalGuardrails) -> tuple[Conversation, bool]:
    """The conversation behind the guardrails, and whether they block it."""
    seen, blocked = [], False
    for message in case.messages:
        looked = await guardrails.preview(message["content"], "input", message["role"])
        seen.append({**message, "content": looked.text or message["content"]})
        blocked = blocked or looked.refusal is not None
    return case.conversation(seen), blocked


@pytest.fixture(params=SUITES, ids=[suite.name for suite in SUITES])
def suite(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_a_suite_says_what_it_is_about_and_asks_through_the_gateway(suite: Path) -> None:
    """One provider for all, so that cost, cache and guardrails are read alike."""
    settings = content(suite / "suite.yaml")
    assert settings["description"]
    assert {provider["id"] for provider in settings["providers"]} == {"file://../../providers/gateway.mjs"}
    assert settings["tests"] == "file://cases/*.yaml"
    labels = [(each["label"]) for each in settings["prompts"]]
    assert len(set(labels)) == len(labels)


def test_promptfoo_takes_the_suite(suite: Path, tmp_path: Path) -> None:
    """By its own check of configurations."""
    toolchain = find_toolchain(FOLDER)
    command = toolchain.command("validate", "-c", str(suite / "suite.yaml"))
    environment = toolchain.environment(tmp_path, {})
    ended = subprocess.run(command, env=environment, cwd=suite, capture_output=True, text=True, check=False)
    assert "Configuration is valid" in ended.stdout + ended.stderr, ended.stderr
    assert ended.returncode == 0


def test_labels_of_prompts_stay_the_same_over_their_versions(suite: Path) -> None:
    """A new version is compared with what the old one gave, unless the suite puts versions side by side."""
    for prompt in content(suite / "suite.yaml")["prompts"]:
        name, version = prompt["config"]["name"], prompt["config"].get("version")
        assert prompt["label"] == (name if version is None else f"{name}@{version}")


def test_every_file_that_a_suite_names_is_there(suite: Path) -> None:
    """A path that leads nowhere would fail as a case, not as a mistake of the suite."""
    named = list(strings([content(suite / "suite.yaml"), cases_in(suite)]))
    for path in (text.removeprefix("file://") for text in named if text.startswith("file://")):
        assert list(suite.glob(path)) if "*" in path else (suite / path).is_file(), path
    schemas = [text for text in named if text.endswith(".schema.json")]
    assert all((FOLDER / path).is_file() for path in schemas)


def test_cases_are_told_apart_by_their_descriptions(suite: Path) -> None:
    """A case is found again in the baseline by it."""
    descriptions = [test["description"] for test in cases_in(suite)]
    assert len(set(descriptions)) == len(descriptions)
    assert len(descriptions) >= 5


def test_metadata_of_cases_is_known(suite: Path) -> None:
    """A misspelt threshold would be no threshold."""
    for test in cases_in(suite):
        assert set(test.get("metadata", {})) <= CASE_METADATA


def test_a_suite_names_no_address(suite: Path) -> None:
    """Suites run without the network."""
    texts = [path.read_text(encoding="utf-8") for path in suite.rglob("*.yaml")]
    assert not any(re.search("https?://", text) for text in texts)


def test_the_rules_of_a_suite_are_rules(suite: Path) -> None:
    """They are laid over the default rules, as a tenant's are."""
    assert guarded(suite).rules


async def test_the_simulator_answers_every_case_that_is_not_blocked() -> None:
    """Nothing falls through to its friendly sentence."""
    answers = script()
    for case in cases():
        conversation, blocked = await as_the_model_sees_it(case, guarded(case.suite))
        found = answers.find(conversation, lambda: CERTAIN)
        assert blocked or found is not None, f"{case.suite.name}: {case.description}"
        expected = any(check["type"] == "not-guardrails" for check in case.test.get("assert", []))
        assert blocked is expected, f"{case.suite.name}: {case.description}"


async def test_every_scripted_rule_is_of_some_case() -> None:
    """A rule that nothing matches is left over from a case that has changed."""
    seen = [case.conversation() for case in cases()]
    seen += [(await as_the_model_sees_it(case, guarded(case.suite)))[0] for case in cases()]
    for rule in script().rules:
        assert any(_is_about(rule, conversation) for conversation in seen), rule


def _is_about(rule: Rule, conversation: Conversation) -> bool:
    return rule.match is not None and rule.match.search(conversation.last_user_message) is not None


async def test_a_prompt_without_the_instruction_gets_another_answer() -> None:
    """What the good answer needs is in the system message, so taking it out is noticed."""
    answers = script()
    for case in cases():
        conversation, blocked = await as_the_model_sees_it(case, guarded(case.suite))
        rule = answers.find(conversation, lambda: CERTAIN)
        if blocked or rule is None or case.suite.name in {"pii-leak", "guardrails"}:
            continue
        assert rule.system is not None
        system, *others = case.messages
        worse = {**system, "content": rule.system.sub("", system["content"])}
        other = answers.find(case.conversation([worse, *others]), lambda: CERTAIN)
        assert other is None or other.answer != rule.answer, f"{case.suite.name}: {case.description}"


async def test_without_guardrails_planted_values_come_back() -> None:
    """So the suite fails where masking is switched off."""
    answers = script()
    for case in (case for case in cases() if case.suite.name == "pii-leak"):
        found = answers.find(case.conversation(), lambda: CERTAIN)
        assert found is not None
        planted = case.test["assert"][-1]["config"]["planted"]
        assert any(_squeezed(value) in _squeezed(found.answer.text) for value in planted), case.description


def _squeezed(text: str) -> str:
    return re.sub(r"\W", "", text).lower()
