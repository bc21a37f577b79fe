"""``inferspect eval run`` with the real Promptfoo, through a real gateway, on the suites that ship."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from playwright.sync_api import sync_playwright

from evals.suites.gateways import Gateway, own_gateway, script_of
from evals.suites.suite import find_suites
from evals.suites.tenants import Tenants

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "promptfoo"
CHROMIUM = shutil.which("chromium")
NOWHERE = "http://127.0.0.1:9/v1"


class Ended:
    """A run of the command that has ended, with what it left."""

    def __init__(self, process: subprocess.CompletedProcess[str], folder: Path) -> None:
        self.status = process.returncode
        self.said = process.stdout + process.stderr
        self.folder = folder

    @property
    def record(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return content

    def fates(self, *fates: str) -> set[tuple[str, str]]:
        """Suite and name of the cases with one of these fates."""
        return {
            (suite["suite"], case["case"])
            for suite in self.record["suites"]
            for case in suite["cases"]
            if case["fate"] in fates
        }


def run(folder: Path, *arguments: str, **environment: str) -> Ended:
    told = {name: value for name, value in os.environ.items() if not name.startswith(("EVAL_", "INFERSPECT_"))}
    process = subprocess.run(
        [sys.executable, "-m", "inferspect", "eval", "run", "--results", str(folder), *arguments],
        cwd=ROOT,
        env={**told, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(process, folder)


def configuration(folder: Path, **sections: Any) -> Path:
    """The repository's configuration with a model whose provider is down, and without some hooks."""
    content = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    down = {"model": "openai/down", "api_base": NOWHERE, "api_key": "none"}
    content["model_list"].append({"model_name": "down", "litellm_params": down})
    for section, values in sections.items():
        content[section] |= values
    path = folder / "litellm_config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose demo model answers as the suites' scripts say."""
    with own_gateway(configuration(tmp_path_factory.mktemp("config")), script_of(SUITES)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def given(serving: Gateway) -> dict[str, str]:
    return {"EVAL_URL": serving.url, "EVAL_KEY": serving.key}


@pytest.fixture(scope="module")
def all_suites(given: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return run(tmp_path_factory.mktemp("results"), **given)


def test_all_suites_that_ship_pass(all_suites: Ended) -> None:
    """Every suite runs and passes its baseline, each case is there, and the cost is known."""
    assert all_suites.status == 0, all_suites.said
    assert [suite["suite"] for suite in all_suites.record["suites"]] == [one.name for one in find_suites(SUITES)]
    assert all_suites.fates("passed") == {(one.name, case.name) for one in find_suites(SUITES) for case in one.cases}
    assert all_suites.record["without_baseline"] == []
    assert all_suites.record["cost"] > 0


def test_every_suite_leaves_its_files(all_suites: Ended) -> None:
    """What Promptfoo writes of each suite, and the four files of the whole run."""
    expected = {f"{one.name}.{kind}" for one in find_suites(SUITES) for kind in ("json", "html", "junit.xml")}
    expected |= {"summary.json", "summary.md", "junit.xml", "index.html"}
    assert {path.name for path in all_suites.folder.iterdir()} == expected


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_pages_open_without_errors_and_ask_nobody(all_suites: Ended) -> None:
    """The run's page and Promptfoo's of each suite, in a real browser, with nothing asked for outside."""
    requests: list[str] = []
    mistakes: list[str] = []
    pages = sorted(all_suites.folder.glob("*.html"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for path in pages:
            page = browser.new_page()
            page.on("request", lambda request: requests.append(request.url))
            page.on("pageerror", lambda error: mistakes.append(str(error)))
            page.on("console", lambda message: mistakes.append(message.text) if message.type == "error" else None)
            page.goto(path.as_uri())
            assert page.query_selector_all("tr")
        browser.close()
    assert len(pages) == len(find_suites(SUITES)) + 1
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert mistakes == []


def test_no_key_is_in_any_file_or_output(all_suites: Ended, serving: Gateway) -> None:
    """Neither the administrator's key nor one of the suites' tenants is written anywhere."""
    texts = [all_suites.said.encode(), *(path.read_bytes() for path in all_suites.folder.iterdir())]
    assert not any(serving.key.encode() in text for text in texts)
    assert not any(re.search(rb"sk-[A-Za-z0-9_-]{16,}", text) for text in texts)


async def test_a_tenants_key_ends_by_itself(serving: Gateway) -> None:
    """Where a run is killed, nobody removes the tenant."""
    before = datetime.now(UTC)
    async with Tenants(serving, set(), 900) as tenants, tenants.tenant(find_suites(SUITES, ["retrieval"])[0]) as tenant:
        headers = {"Authorization": f"Bearer {tenant.key}"}
        told = httpx.get(f"{serving.url}/key/info", headers=headers, timeout=60).raise_for_status().json()
    assert timedelta(minutes=14) < datetime.fromisoformat(told["info"]["expires"]) - before < timedelta(minutes=17)


def test_files_of_others_in_the_folder_of_results_stay_as_they_are(given: dict[str, str], tmp_path: Path) -> None:
    """Keys are taken out of what the run wrote, and of nothing else."""
    own = tmp_path / ".env"
    own.write_text(f"KEY={given['EVAL_KEY']}\n", encoding="utf-8")
    (tmp_path / "retrieval.html").write_text("of an earlier run", encoding="utf-8")
    ended = run(tmp_path, "retrieval", **given)
    assert ended.status == 0, ended.said
    assert own.read_text(encoding="utf-8") == f"KEY={given['EVAL_KEY']}\n"
    assert "of an earlier run" not in (tmp_path / "retrieval.html").read_text(encoding="utf-8")


def small(folder: Path, *asserted: dict[str, Any]) -> Path:
    """A repository of one suite with one case."""
    home = folder / "suites" / "small"
    (home / "cases").mkdir(parents=True)
    suite = yaml.safe_load((SUITES / "suites" / "retrieval" / "suite.yaml").read_text(encoding="utf-8"))
    suite["prompts"] = ["Where is paper for the printer kept?"]
    del suite["defaultTest"]
    (home / "suite.yaml").write_text(yaml.safe_dump(suite), encoding="utf-8")
    case = {"description": "answers", "assert": list(asserted)}
    (home / "cases" / "all.yaml").write_text(yaml.safe_dump([case]), encoding="utf-8")
    return folder


def test_a_key_that_a_suite_lets_out_is_told_and_nowhere_to_be_read(given: dict[str, str], tmp_path: Path) -> None:
    """The run fails in all that it leaves, and neither files nor terminal have the key."""
    leak = "({pass: false, score: 0, reason: 'the key is ' + process.env.EVAL_KEY})"
    folder = small(tmp_path, {"type": "javascript", "value": leak})
    results = tmp_path / "results"
    ended = run(results, "--folder", str(folder), "--update-baseline", **given)
    assert ended.status == 1, ended.said
    assert "the key is [key removed]" in ended.said
    assert "failed" in (results / "summary.md").read_text(encoding="utf-8").splitlines()[0]
    assert not (folder / "baselines").exists()
    texts = [ended.said, *(path.read_text(encoding="utf-8") for path in results.iterdir())]
    assert not any(re.search(r"sk-[A-Za-z0-9_-]{16,}", text) for text in texts)


def test_a_suite_that_is_gone_is_told_as_removed(given: dict[str, str], tmp_path: Path) -> None:
    """All of its cases are, so that the gate does not pass by what nobody runs; accepted, its baseline goes as well."""
    folder = small(tmp_path, {"type": "javascript", "value": "true"})
    arguments = ["--folder", str(folder)]
    assert run(tmp_path / "first", *arguments, "--update-baseline", **given).status == 0
    gone = Path(shutil.copy(SUITES / "baselines" / "demo" / "retrieval.json", folder / "baselines" / "demo"))
    told = run(tmp_path / "second", *arguments, **given)
    assert (told.status, len(told.fates("removed"))) == (0, 7), told.said
    assert run(tmp_path / "third", *arguments, "small", "--strict", **given).status == 0
    assert run(tmp_path / "fourth", *arguments, "--strict", **given).status == 1
    assert run(tmp_path / "fifth", *arguments, "--update-baseline", **given).status == 0
    assert not gone.exists()
    assert run(tmp_path / "sixth", *arguments, "--strict", **given).status == 0


def test_no_tenant_of_a_run_is_left(all_suites: Ended, serving: Gateway) -> None:
    """The suites' tenants and their keys are removed from the gateway."""
    assert all_suites.status == 0
    headers = {"Authorization": f"Bearer {serving.key}"}
    teams = httpx.get(f"{serving.url}/team/list", headers=headers, timeout=60).raise_for_status().json()
    assert [team["team_alias"] for team in teams if str(team["team_alias"]).startswith("eval-")] == []


def test_a_prompt_made_worse_fails_and_its_cases_are_named(given: dict[str, str], tmp_path: Path) -> None:
    """A new version of a prompt that lost its instructions regresses cases of its suite, told by name."""
    copy = shutil.copytree(SUITES, tmp_path / "promptfoo", ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(SUITES / "node_modules")
    versions = sorted((copy / "prompts" / "customer-support").glob("v*.md"))
    number = len(versions) + 1
    newest = versions[-1].read_text(encoding="utf-8")
    front = re.sub(r"version: \d+", f"version: {number}", newest.split("---")[1])
    worse = f"---{front}---\n# system\n\nAnswer.\n\n# user\n\n{{{{ question }}}}\n"
    (copy / "prompts" / "customer-support" / f"v{number}.md").write_text(worse, encoding="utf-8")
    ended = run(tmp_path / "results", "customer-support", "retrieval", "--folder", str(copy), **given)
    assert ended.status == 1, ended.said
    regressed = ended.fates("regressed")
    assert regressed
    assert {suite for suite, _ in regressed} == {"customer-support"}
    for _, case in regressed:
        assert case in ended.said
        assert case in (ended.folder / "index.html").read_text(encoding="utf-8").replace("&#39;", "'")


def test_a_provider_that_is_down_is_an_error_and_no_pass(given: dict[str, str], tmp_path: Path) -> None:
    """Exit code 3, no case passed, and the baseline is not touched by a run like that."""
    arguments = ["retrieval", "--model", "down", "--baseline", str(tmp_path / "baselines")]
    ended = run(tmp_path / "results", *arguments, "--update-baseline", **given)
    assert ended.status == 3, ended.said
    assert ended.fates("passed", "new", "fixed") == set()
    assert ended.fates("error")
    assert not (tmp_path / "baselines").exists()


def test_a_gateway_that_is_away_is_an_error(tmp_path: Path) -> None:
    """Nothing answers at the address."""
    ended = run(tmp_path / "results", EVAL_URL="http://127.0.0.1:9", EVAL_KEY="sk-whatever-it-is")
    assert ended.status == 3
    assert "http://127.0.0.1:9 cannot be reached" in ended.said


def test_a_wrong_key_is_wrong_input(serving: Gateway, tmp_path: Path) -> None:
    """The gateway refuses it, and the run says so without repeating the key."""
    ended = run(tmp_path / "results", EVAL_URL=serving.url, EVAL_KEY="sk-not-a-key-of-this-gateway")
    assert ended.status == 2
    assert "refuses the key" in ended.said
    assert "sk-not-a-key-of-this-gateway" not in ended.said


def test_a_tenants_key_runs_suites_under_its_own_rules(serving: Gateway, tmp_path: Path) -> None:
    """With a plain key no tenants are made, and the run says that rules of suites were not applied."""
    admin = {"Authorization": f"Bearer {serving.key}"}
    made = httpx.post(f"{serving.url}/key/generate", headers=admin, json={"models": ["demo"]}, timeout=60).json()
    ended = run(tmp_path / "results", "pii-leak", EVAL_URL=serving.url, EVAL_KEY=made["key"])
    assert ended.status in {0, 1}
    assert "the key may not make tenants" in " ".join(ended.said.split())


def test_a_suite_that_hangs_is_stopped_and_is_an_error(given: dict[str, str], tmp_path: Path) -> None:
    """What does not end in time leaves no process and is no pass."""
    ended = run(tmp_path / "results", "retrieval", "--timeout", "1", **given)
    assert ended.status == 3
    assert "did not end within 1 s" in ended.said
    assert _processes(str(tmp_path)) == []


def test_a_baseline_is_written_and_then_kept_to(given: dict[str, str], tmp_path: Path) -> None:
    """The first run has none; accepted, the second compares with it."""
    arguments = ["retrieval", "--baseline", str(tmp_path / "baselines")]
    first = run(tmp_path / "first", *arguments, **given)
    assert (first.status, first.record["without_baseline"]) == (0, ["retrieval"])
    assert run(tmp_path / "accepted", *arguments, "--update-baseline", **given).status == 0
    assert (tmp_path / "baselines" / "demo" / "retrieval.json").exists()
    second = run(tmp_path / "second", *arguments, **given)
    assert (second.status, second.fates("new")) == (0, set())


def test_cases_are_repeated_and_filtered(given: dict[str, str], tmp_path: Path) -> None:
    """`--repeat` runs each case so often, `--filter` only those with a text in their name."""
    case = find_suites(SUITES, ["retrieval"])[0].cases[0].name
    ended = run(tmp_path / "results", "retrieval", "--repeat", "3", "--filter", case.upper(), **given)
    assert ended.status == 0, ended.said
    [told] = ended.record["suites"][0]["cases"]
    assert (told["case"], told["runs"], told["passes"]) == (case, 3, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent"], "no suite absent in"),
        (["--filter", "no case is called so"], "has 'no case is called so' in its id or description"),
        (["--folder", "/nonexistent"], "no suite here"),
        (["--url", "http://127.0.0.1:9"], "needs --key"),
        (["--update-baseline", "--filter", "a"], "takes whole suites"),
        (["--config", "/nonexistent.yaml"], "there is no such configuration"),
    ],
)
def test_wrong_input_is_told_before_anything_starts(arguments: list[str], said: str, tmp_path: Path) -> None:
    """Exit code 2, with what to do."""
    ended = run(tmp_path / "results", *arguments)
    assert (ended.status, said in " ".join(ended.said.split())) == (2, True), ended.said


def test_a_wrong_configuration_is_wrong_input(tmp_path: Path) -> None:
    """It is named before a gateway is started with it."""
    config = tmp_path / "litellm_config.yaml"
    config.write_text("inferspect: {no_such_setting: 1}\n", encoding="utf-8")
    ended = run(tmp_path / "results", "--config", str(config))
    assert (ended.status, "no_such_setting" in ended.said) == (2, True), ended.said


def test_a_guardrail_that_is_switched_off_fails_the_suite(tmp_path: Path) -> None:
    """Personal data come back from a gateway without guardrails; the caller's own database and proxy are not asked."""
    stock = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for hook in stock["litellm_settings"]["callbacks"] if not hook.startswith("guardrails.")]
    config = configuration(tmp_path, litellm_settings={"callbacks": hooks})
    own = {"DATABASE_URL": "postgresql://127.0.0.1:9/none", "LITELLM_MASTER_KEY": "sk-master-of-the-caller"}
    own |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    ended = run(tmp_path / "results", "pii-leak", "--config", str(config), **own)
    assert ended.status == 1, ended.said
    assert len(ended.fates("regressed")) > len(find_suites(SUITES, ["pii-leak"])[0].cases) / 2
    assert _processes(str(config)) == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_no_process(tmp_path: Path, sign: signal.Signals) -> None:
    """Ctrl-C, a cancelled job, even a kill: gateway, database and Promptfoo end with the run, files by the next one."""
    arguments = ["--results", str(tmp_path / "results"), "customer-support", "--repeat", "200"]
    process = subprocess.Popen(
        [sys.executable, "-m", "inferspect", "eval", "run", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_heeding_ctrl_c,  # noqa: PLW1509  before anything else runs there
    )
    try:
        while not any("entrypoint.js" in _told(one) for one in _children(process.pid)):
            assert process.poll() is None
            time.sleep(0.1)
        children = _children(process.pid)
    finally:
        process.send_signal(sign)
        process.wait()
    psutil.wait_procs(children)
    if sign is signal.SIGKILL:
        run(tmp_path / "next", "retrieval", EVAL_URL=NOWHERE, EVAL_KEY="sk-whatever-it-is", TMPDIR=str(tmp_path))
    assert list(tmp_path.glob("inferspect-eval-*")) == []


def _heeding_ctrl_c() -> None:
    """Where the tests run in the background, a shell has told them to ignore it, and so would their children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _processes(text: str) -> list[str]:
    """Command lines of running processes with a text in them."""
    return [told for one in psutil.process_iter() if text in (told := _told(one))]


def _told(process: psutil.Process) -> str:
    """The command line; nothing of a process that has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
