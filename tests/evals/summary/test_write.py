from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import sync_playwright

from evals.gate.baseline import Baselines
from evals.gate.verdict import Rules, Verdict, judge
from evals.summary.write import REMOVED, remove_keys, write_summary
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


def test_a_key_is_removed_from_every_file_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of the run and of the environment, in any file, however deep; other texts stay."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-person-1234")
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text('{"a": "sk-virtual-123456", "b": 1}', encoding="utf-8")
    (tmp_path / "deep" / "b.html").write_text("<p>sk-of-a-person-1234</p>", encoding="utf-8")
    (tmp_path / "c.txt").write_text("nothing", encoding="utf-8")
    assert remove_keys(tmp_path, ["sk-virtual-123456", ""]) == ["a.json", "deep/b.html"]
    assert (tmp_path / "a.json").read_bytes() == b'{"a": "' + REMOVED + b'", "b": 1}'
    assert remove_keys(tmp_path, ["sk-virtual-123456"]) == []
    assert (tmp_path / "c.txt").read_text(encoding="utf-8") == "nothing"
