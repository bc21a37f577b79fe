"""``junit.xml``: one testsuite a suite, a testcase a case, as CI servers read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from evals.gate.comparison import Change
from evals.gate.drift import Drift
from evals.gate.verdict import Verdict
from evals.suites.results import CaseResult, SuiteResult
from evals.summary.rows import KEY_REMOVED

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdict: Verdict) -> bytes:
    """The document; what does not fail the gate, such as a known failure, is told as skipped."""
    root = ET.Element("testsuites", name="inferspect eval")
    for result in verdict.results:
        root.append(_suite(verdict, result))
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    root.set("time", f"{sum(result.seconds for result in verdict.results):.3f}")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _suite(verdict: Verdict, result: SuiteResult) -> ET.Element:
    suite = ET.Element("testsuite", name=result.suite, time=f"{result.seconds:.3f}")
    failing = [one for one in verdict.failures() if one.suite == result.suite]
    for test in _tests(verdict, result, failing):
        suite.append(test)
    suite.set("tests", str(len(suite)))
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(test.find(tag) is not None for test in suite)))
    return suite


def _tests(verdict: Verdict, result: SuiteResult, failing: list[Change | Drift]) -> Iterator[ET.Element]:
    if result.problem is not None:
        yield _test(result.suite, "the suite", 0, "error", kind="error", reason=result.problem)
    for name in result.leaks:
        yield _test(result.suite, name, 0, "failure", kind="key", reason=KEY_REMOVED)
    seconds = {case.identity: _seconds(case) for case in result.cases}
    for change in verdict.changes:
        if change.suite == result.suite:
            yield _case(change, seconds.get(change.identity, 0), fails=change in failing)
    for drift in verdict.drifts:
        if drift in failing:
            yield _test(result.suite, f"drift of {drift.metric}", 0, "failure", kind="drift", reason=str(drift))


def _case(change: Change, seconds: float, *, fails: bool) -> ET.Element:
    tag = "error" if change.fate == "error" else "failure" if fails else None
    if tag is None and change.fate in {"still failing", "removed", "failed"}:
        tag = "skipped"
    return _test(change.suite, str(change.identity), seconds, tag, kind=change.fate, reason=change.reason)


def _test(suite: str, name: str, seconds: float, tag: str | None, *, kind: str, reason: str) -> ET.Element:
    test = ET.Element("testcase", classname=_clean(suite), name=_clean(name), time=f"{seconds:.3f}")
    if tag is not None:
        told = ET.SubElement(test, tag, message=_clean(f"{kind}: {reason}"))
        if tag != "skipped":
            told.set("type", kind)
            told.text = _clean(reason)
    return test


def _seconds(case: CaseResult) -> float:
    return sum(run.latency for run in case.runs) / 1000


def _clean(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
