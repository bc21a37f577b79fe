from __future__ import annotations

from pathlib import Path

import pytest

from evals.suites.suite import SuiteError, check_prompts, find_suites, read_answers, read_suite

CASES = """
- description: greets
  vars: {question: hello}
- description: says no
  metadata: {id: refusal, repeat: 5, pass_threshold: 0.8}
"""


def made(folder: Path, name: str = "support", suite: str = "tests: file://cases/*.yaml", **files: str) -> Path:
    """A suite on disk; `files` are further ones by name, with `cases/a.yaml` where none is given."""
    home = folder / "suites" / name
    (home / "cases").mkdir(parents=True)
    (home / "suite.yaml").write_text(suite, encoding="utf-8")
    for path, text in ({"cases/a.yaml": CASES} | files).items():
        (home / path).write_text(text, encoding="utf-8")
    return home


def test_a_suite_is_read_with_its_cases(tmp_path: Path) -> None:
    """Names, repeats and thresholds come from a case, else from the suite's defaults."""
    home = made(tmp_path, suite="tests: file://cases/*.yaml\ndefaultTest: {metadata: {repeat: 2}}")
    suite = read_suite(home)
    assert suite.name == "support"
    assert [(case.name, case.repeat, case.pass_threshold) for case in suite.cases] == [
        ("greets", 2, 1.0),
        ("refusal", 5, 0.8),
    ]


def test_our_own_keys_stand_under_metadata(tmp_path: Path) -> None:
    """Rules of the tenant, and whether the suite may run beside others."""
    text = "tests: file://cases/*.yaml\nmetadata: {inferspect: {parallel: false, rules: {pii: {enabled: true}}}}"
    suite = read_suite(made(tmp_path, suite=text))
    assert (suite.options.parallel, suite.options.rules) == (False, {"pii": {"enabled": True}})


def test_suites_are_found_by_name(tmp_path: Path) -> None:
    """All in the order of their names, or those that are asked for."""
    for name in ("b", "a", "c"):
        made(tmp_path, name)
    (tmp_path / "suites" / "no-suite").mkdir()
    assert [suite.name for suite in find_suites(tmp_path)] == ["a", "b", "c"]
    assert [suite.name for suite in find_suites(tmp_path, ["c", "a"])] == ["a", "c"]
    with pytest.raises(SuiteError, match=r"no suite d in .*; there are: a, b, c"):
        find_suites(tmp_path, ["d"])


def test_a_prompt_that_the_gateway_would_not_serve_is_named(tmp_path: Path) -> None:
    """With its file; a suite could be green on it. Suites without prompts of their own need none."""
    check_prompts(tmp_path)
    home = tmp_path / "prompts" / "greeting"
    home.mkdir(parents=True)
    text = "---\nname: greeting\nversion: {}\nmodel: demo\nowner: support\nchangelog: New.\n---\n# user\n\nHello!\n"
    (home / "v1.md").write_text(text.format(1), encoding="utf-8")
    check_prompts(tmp_path)
    (home / "v2.md").write_text(text.format(3), encoding="utf-8")
    with pytest.raises(SuiteError, match=r"would not serve these prompts:\n\S*v2\.md: version: is 3"):
        check_prompts(tmp_path)


@pytest.mark.parametrize("name", ["summary", "index"])
def test_a_suite_is_not_called_as_the_results_of_the_run_are(tmp_path: Path, name: str) -> None:
    """Its own results would be overwritten."""
    made(tmp_path, name)
    with pytest.raises(SuiteError, match="give the suite another name"):
        find_suites(tmp_path)


def test_no_suites_are_a_mistake(tmp_path: Path) -> None:
    """An empty folder is told, not passed."""
    with pytest.raises(SuiteError, match="no suite here"):
        find_suites(tmp_path)


@pytest.mark.parametrize(
    ("suite", "cases", "said"),
    [
        ("[]", CASES, "expected a mapping"),
        ("tests: file://cases/*.yaml", "- vars: {question: hello}", "case 1: needs a description"),
        ("tests: file://cases/*.yaml", "- {description: a}\n- {description: a}", "case 2: 'a' is a case of"),
        ("tests: file://cases/*.yaml", "description: a", "expected a list of cases"),
        ("tests: file://cases/*.yaml", "- text", "case 1: expected a mapping, found str"),
        ("tests: file://cases/*.yaml", "- {description: a, metadata: {repeat: 0}}", "case 1: metadata: repeat: "),
        ("tests: file://cases/*.yaml", "- {description: a, metadata: {pass_threshold: 1.1}}", "pass_threshold: "),
        ("tests: file://cases/*.yaml", "- {description: a, metadata: {id: 7}}", "metadata: id: "),
        ("tests: file://cases/*.yaml", "", "no case, so it could never fail"),
        ("tests: file://other/*.yaml", CASES, "file://other/*.yaml is no file"),
        ("tests: file://cases.mjs", CASES, "is no YAML file of cases"),
        ("tests: file:///cases/*.yaml", CASES, "is no pattern below the suite"),
        ("tests: file://cases/a**.yaml", CASES, "suite.yaml: tests: "),
        ("prompts: []", CASES, "is no YAML file of cases"),
        ("tests: file://cases/*.yaml\nscenarios: []", CASES, "scenarios are not run"),
        ("tests: file://cases/*.yaml\nmetadata: {inferspect: {rule: {}}}", CASES, "metadata.inferspect: rule: "),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, suite: str, cases: str, said: str) -> None:
    """What is wrong with a suite is told before anything is started, with file, case and field."""
    home = made(tmp_path, suite=suite, **{"cases/a.yaml": cases})
    with pytest.raises(SuiteError) as refused:
        read_suite(home)
    assert said in str(refused.value)
    assert str(home) in str(refused.value)


def test_answers_of_all_suites_are_read(tmp_path: Path) -> None:
    """Scripted answers are optional; a file of them that is no list is refused."""
    made(tmp_path, "none")
    scripted = made(tmp_path, "scripted", **{"answers.yaml": "- {match: hello, answer: hi}"})
    assert read_answers(tmp_path) == [(scripted / "answers.yaml", [{"match": "hello", "answer": "hi"}])]
    made(tmp_path, "wrong", **{"answers.yaml": "match: hello"})
    with pytest.raises(SuiteError, match="expected a list of rules"):
        read_answers(tmp_path)
