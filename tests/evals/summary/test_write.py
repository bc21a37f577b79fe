from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import sync_playwright
from rich.console import Console

from evals.gate.baseline import Baselines
from evals.gate.verdict import Rules, Verdict, judge
from evals.summary.markdown import markdown
from evals.summary.table import print_verdict
from evals.summary.write import write_summary
from tests.evals.gate.building import case, suite

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> & ![x](http://evil.example/x.png) | @team \x07 `code`"
CHROMIUM = shutil.which("chromium")


@pytest.fixture
def verdict(tmp_path: Path) -> Verdict:
    """A run with one of everything, its reasons written by a hostile model."""
    baselines = Baselines(tmp_path / "baselines", "demo")
    known, gone = case("known", (False,)), case("gone")
    baselines.write("support", [case("kept"), case("worse"), known, gone, case("mended", (False,))])
    broken = case("broken", (False,), error=f"503 {HOSTILE}")
    support = suite(case("kept"), case("worse", (False,)), known, case("mended"), case(HOSTILE, (False,)), broken)
    results = [support, suite(case("a"), name="other"), suite(name="third", problem=f"did not end {HOSTILE}")]
    return judge(results, baselines, Rules())


@pytest.fixture
def written(verdict: Verdict, tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "support.html").write_text("<!doctype html><title>Promptfoo</title>", encoding="utf-8")
    write_summary(verdict, "demo", WHEN, folder, ["a note <b>"])
    return folder


def test_junit_has_every_case_once(written: Path) -> None:
    """One testsuite a suite; failures, errors and what is known are told apart, totals add up."""
    root = ET.parse(written / "junit.xml").getroot()  # noqa: S314  our own
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("9", "2", "2", "2")
    fates = {
        (one.get("classname"), one.get("name", "").partition(" · ")[0]): [child.tag for child in one]
        for one in root.iter("testcase")
    }
    assert fates[("support", "kept")] == fates[("support", "mended")] == fates[("other", "a")] == []
    assert fates[("support", "worse")] == ["failure"]
    assert fates[("support", "known")] == fates[("support", "gone")] == ["skipped"]
    assert fates[("support", "broken")] == fates[("third", "the suite")] == ["error"]
    for one in root:
        assert one.get("tests") == str(len(one))


def test_the_record_tells_programs_what_happened(written: Path) -> None:
    """Outcome, exit code, and each case with its fate and figures."""
    record = json.loads((written / "summary.json").read_text(encoding="utf-8"))
    assert (record["outcome"], record["exit_code"], record["model"]) == ("error", 3, "demo")
    fates = {one["case"]: one["fate"] for one in record["suites"][0]["cases"]}
    assert fates == {
        "kept": "passed",
        "worse": "regressed",
        "known": "still failing",
        "mended": "fixed",
        HOSTILE: "new failing",
        "broken": "error",
        "gone": "removed",
    }
    assert record["suites"][0]["cases"][0]["runs"] == 1


def test_markdown_of_hostile_texts_stays_text(written: Path) -> None:
    """No HTML, no picture from elsewhere, no mention, no broken table comes of what a model said."""
    text = (written / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("## ⚠️ Prompt suites: not run to the end: errors")
    assert "**regressed** `support: worse · support · gateway`" in text
    outside_code = "".join(text.split("`")[::2])
    for sign in ("<script>", "![x](", "@team"):
        assert sign not in outside_code
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {13}


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_opens_without_errors_and_asks_nobody(written: Path) -> None:
    """In a real browser: everything is there as text, nothing is asked for outside, links lead to what is there."""
    requests: list[str] = []
    mistakes: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda message: mistakes.append(message.text) if message.type == "error" else None)
        page.goto((written / "index.html").as_uri())
        body = page.inner_text("body")
        links = [link.get_attribute("href") for link in page.query_selector_all("a")]
        browser.close()
    assert mistakes == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert "<script>alert(1)</script>" in body
    assert "regressed: support: worse" in body
    assert links == ["support.html"]


def test_a_comment_is_never_longer_than_it_may_be(tmp_path: Path) -> None:
    """Hundreds of failures with long reasons: GitHub takes what is written, and it says where the rest is."""
    many = [case(f"case {number} {'x' * 200}", (False,)) for number in range(200)]
    many = [replace(one, runs=(replace(one.runs[0], reason="<[*_#" * 60),)) for one in many]
    suites = [suite(*many, name=f"suite-{number}") for number in range(3)]
    suites.append(suite(name="broken", problem="<" * 3000))
    text = markdown(judge(suites, Baselines(tmp_path, "demo"), Rules(strict=True)), "demo", [])
    assert 10_000 < len(text) < 65_536
    several = [suite(*many[:60], name=f"suite-{number}") for number in range(300)]
    text = markdown(judge(several, Baselines(tmp_path, "demo"), Rules()), "demo", ["a note"] * 500)
    assert len(text) < 65_536
    assert text.endswith("The rest stands in `index.html`.\n")


def test_notes_are_told_in_the_comment_too(written: Path) -> None:
    assert "a note \\<b\\>" in (written / "summary.md").read_text(encoding="utf-8")


def test_a_key_that_was_found_fails_everywhere(tmp_path: Path) -> None:
    """Page, comment, record and JUnit say the same as the exit code."""
    leaking = replace(suite(case("a")), leaks=("support.json",))
    write_summary(judge([leaking], Baselines(tmp_path, "demo"), Rules()), "demo", WHEN, tmp_path, [])
    record = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert (record["exit_code"], record["suites"][0]["leaks"]) == (1, ["support.json"])
    assert ET.parse(tmp_path / "junit.xml").getroot().get("failures") == "1"  # noqa: S314  our own
    for name in ("summary.md", "index.html"):
        assert "a key was written into this file" in (tmp_path / name).read_text(encoding="utf-8")


def test_a_terminal_does_nothing_that_an_answer_says(tmp_path: Path) -> None:
    """No control character of a model reaches it."""
    failed = case("a", (False,))
    hostile = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b31m\rpassed"
    failed = replace(failed, runs=(replace(failed.runs[0], reason=hostile),))
    said = StringIO()
    console = Console(file=said, color_system=None, width=200)
    print_verdict(judge([suite(failed)], Baselines(tmp_path, "demo"), Rules()), [hostile], tmp_path, console)
    assert "ZXZpbA==" in said.getvalue()
    assert not set(said.getvalue()) & {"\x1b", "\x07", "\x9b", "\r"}
