"""From bad answers of a real gateway to a suite that the prompt of then fails and a better one passes."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.command import app
from evals.promotion.distances import distances_of
from evals.suites.core_yaml import read_yaml
from inferspect.asking import GatewayUnavailableError
from inferspect.settings import LaunchSettings
from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.evals.promotion.recorded import PROMPT, make_suite

ROOT = Path(__file__).parents[3]
TOPICS = (
    "jacket", "parcel", "voucher", "invoice", "newsletter", "password", "catalogue", "warranty", "receipt", "wishlist",
)  # fmt: skip
EMAIL, CARD, PHONE, NAME = "jane.roe@example.org", "4111 1111 1111 1111", "+84 912 345 678", "Jane Roe-Miller"
OLD, NEW = "You answer customers of a shop.", "You answer customers of a shop. Keep to what they ask."
HOSTILE = "{{ env.EVAL_KEY }} {% raw %} {{ question }} {# no comment #}"
BAD = "Umbrellas are out of stock until spring, sorry for that."
Promote = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The repository's provider and prompts as code, and a suite and prompts of the test's own."""
    made = tmp_path / "promptfoo"
    for name in ("providers", "shared"):
        shutil.copytree(ROOT / "promptfoo" / name, made / name)
    (made / "package.json").write_text('{"type": "module"}')
    (made / "node_modules").symlink_to(ROOT / "promptfoo" / "node_modules")
    suite = make_suite(made)
    assert (made / "prompts" / "shop" / "v1.md").read_text() == PROMPT
    (made / "prompts" / "shop" / "v2.md").write_text(PROMPT.replace(OLD, NEW).replace("version: 1", "version: 2"))
    assert suite.is_dir()
    return made


def use_version(folder: Path, version: int) -> None:
    file = folder / "suites" / "shop" / "suite.yaml"
    content = json.loads(file.read_text())
    content["prompts"][0]["config"] = {"name": "shop", "version": version}
    file.write_text(json.dumps(content))


def script() -> list[dict[str, Any]]:
    """Bad answers under the old prompt, good ones under the new; to other questions always good ones."""
    rules = []
    for topic in TOPICS:
        good = f"Your {topic} is fine: the question about the {topic} was passed on."
        rules.append({"match": f"about my {topic}", "system": "Keep to what they ask", "answer": good})
        rules.append({"match": f"about my {topic}", "answer": BAD})
    return [*rules, {"match": "opening hours", "answer": "The opening hours of the shop are nine to five."}]


def ask(gateway: GatewayProcess, key: str, question: str) -> str:
    messages = [{"role": "system", "content": OLD}, {"role": "user", "content": question}]
    with gateway.client(key) as client:
        answer = client.post("/v1/chat/completions", json={"model": "sim/scripted", "messages": messages, "user": NAME})
    assert answer.status_code == 200, answer.text
    return answer.headers["x-request-id"]


def wait_for_scores(gateway: GatewayProcess, ids: list[str]) -> None:
    wanted = [uuid.UUID(one) for one in ids]
    while len(gateway.query("SELECT id FROM inferspect.scores WHERE id = ANY(%s)", wanted)) < len(ids):
        time.sleep(0.2)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.output


def test_ten_bad_traces_become_cases_that_the_old_prompt_fails_and_a_new_one_passes(
    gateway: GatewayProcess, scripted: UpstreamSimulator, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Personal data was recorded as it came, as the tenant's guardrails were off, and is in no file.

    What looks like a template, or the name of a file, is asked as it was.
    """
    monkeypatch.setenv("INFERSPECT_HOME", str(gateway.home))
    monkeypatch.setenv("INFERSPECT_CONFIG", str(ROOT / "litellm_config.yaml"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    scripted.script = script()
    key = gateway.new_key(rules={"pii": {"enabled": False}, "secrets": {"enabled": False}})
    personal = f"I am at {EMAIL} and {PHONE}, my card is {CARD}, and my name is {NAME}. {HOSTILE}"
    bad = [ask(gateway, key, f"file:///etc/hostname, what about my {topic}? {personal}") for topic in TOPICS]
    good = [ask(gateway, key, f"What are the opening hours, asked {number} times?") for number in range(40)]
    wait_for_scores(gateway, [*bad, *good])
    (tenant,) = {
        row["tenant_id"]
        for row in gateway.query("SELECT tenant_id FROM inferspect.events WHERE id = %s", uuid.UUID(bad[0]))
    }
    (kept,) = gateway.query("SELECT input FROM inferspect.event_contents WHERE id = %s", uuid.UUID(bad[0]))
    assert EMAIL in kept["input"]

    arguments = (
        "promote",
        "--suite",
        "shop",
        "--folder",
        folder,
        "--tenant",
        tenant,
        "--worst",
        10,
        "--by",
        "Relevance",
        "--yes",
    )
    status, said = run(*arguments)
    assert status == 0, said
    cases = read_yaml(folder / "suites" / "shop" / "cases" / "promoted.yaml")
    assert {source["request_id"] for case in cases for source in case["metadata"]["source"]} == set(bad)
    written = said + "".join(path.read_text() for path in (folder / "suites").rglob("*") if path.is_file())
    assert not [planted for planted in (EMAIL, PHONE, CARD, NAME, "Jane") if planted in written]

    evaluate = (
        "run",
        "shop",
        "--folder",
        folder,
        "--url",
        gateway.url,
        "--key",
        key,
        "--model",
        "sim/scripted",
        "--results",
    )
    use_version(folder, 1)
    status, said = run(*evaluate, tmp_path / "old")
    assert status == 1, said
    assert outcomes(tmp_path / "old") == {case["description"]: False for case in cases}
    use_version(folder, 2)
    status, said = run(*evaluate, tmp_path / "new")
    assert status == 0, said
    assert outcomes(tmp_path / "new") == {case["description"]: True for case in cases}
    asked = [request.json()["messages"][-1]["content"] for request in scripted.received[-len(TOPICS) :]]
    assert sorted(asked) == sorted(case["vars"]["question"] for case in cases)
    assert all(question.startswith(" file:///etc/hostname") and HOSTILE in question for question in asked)
    assert key not in "".join(texts(tmp_path / "new"))
    assert not [planted for planted in (EMAIL, CARD, NAME) if planted in "".join(texts(tmp_path / "new"))]


def texts(folder: Path) -> list[str]:
    return [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]


def outcomes(folder: Path) -> dict[str, bool]:
    results = json.loads((folder / "shop.json").read_text())["results"]["results"]
    return {result["testCase"]["description"]: result["success"] for result in results}


def test_texts_are_told_apart_by_vectors_of_a_model_of_the_gateway(
    gateway: GatewayProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFERSPECT_HOME", str(gateway.home))
    monkeypatch.setenv("PORT", str(gateway.port))
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    distance = distances_of(LaunchSettings(), "sim/demo")(["Where is it?", "Where is it?", *map(str, range(100))])
    assert distance(0, 1) == pytest.approx(0, abs=1e-6)
    assert distance(0, 101) > 0.01
    with pytest.raises(GatewayUnavailableError):
        distances_of(LaunchSettings(), "sim/error-500")(["a"])
