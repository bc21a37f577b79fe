from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.gate.baseline import BaselineError, Baselines, slug
from tests.evals.gate.building import case


@pytest.fixture
def baselines(tmp_path: Path) -> Baselines:
    return Baselines(tmp_path, "openai/gpt-4o")


def test_what_was_written_is_read_again(baselines: Baselines) -> None:
    """A baseline comes back with every case and figure."""
    cases = [case("b", (True, False), threshold=0.5, cost=0.00123456), case("a", cost=None)]
    baselines.write("support", cases)
    read = baselines.read("support")
    assert read is not None
    assert [entry.case for entry in read.values()] == ["a", "b"]
    entry = read[cases[0].identity]
    assert (entry.runs, entry.passes, entry.passed, entry.score, entry.cost) == (2, 1, True, 1.0, 0.00123)
    assert read[cases[1].identity].cost is None


def test_a_case_is_a_line_in_the_order_of_names(baselines: Baselines) -> None:
    """The file has one line a case, sorted, so that a diff reads well."""
    path = baselines.write("support", [case("zwei"), case("eins"), case("ünï")])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line.rstrip(","))["case"] for line in lines if line.startswith("  ")] == ["eins", "zwei", "ünï"]
    assert path == baselines.folder / "openai-gpt-4o" / "support.json"


def test_figures_that_hardly_moved_keep_their_text(baselines: Baselines) -> None:
    """Writing again after a run with the machine's usual noise changes no byte; what moved by half changes its line."""
    path = baselines.write("support", [case("a", latency=100), case("b", latency=100, cost=0.001)])
    before = path.read_text(encoding="utf-8").splitlines()
    baselines.write("support", [case("a", latency=115), case("b", latency=110, cost=0.0009)])
    assert path.read_text(encoding="utf-8").splitlines() == before
    baselines.write("support", [case("a", latency=101), case("b", latency=110, cost=0.002)])
    after = path.read_text(encoding="utf-8").splitlines()
    assert [old == new for old, new in zip(before, after, strict=True)].count(False) == 1


def test_a_run_with_errors_is_not_written(baselines: Baselines) -> None:
    """The file stays as it was when a case has an error."""
    path = baselines.write("support", [case("a")])
    before = path.read_bytes()
    with pytest.raises(BaselineError, match="1 cases have errors, such as b"):
        baselines.write("support", [case("a"), case("b", (False,), error="no connection")])
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["support.json"]


def test_there_may_be_none(baselines: Baselines) -> None:
    """A suite without a file has no baseline."""
    assert baselines.read("support") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be"),
        ('{"suite": "support", "model": "openai/gpt-4o", "cases": [{"case": "a"}]}', "cases.0.runs"),
        ('{"suite": "other", "model": "openai/gpt-4o", "cases": []}', "is of suite 'other'"),
        ('{"suite": "support", "model": "demo", "cases": []}', "model 'demo'"),
    ],
)
def test_a_wrong_file_is_named_with_the_field(baselines: Baselines, text: str, said: str) -> None:
    """A baseline that was edited by hand into nonsense is refused, with its path."""
    path = baselines.path("support")
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BaselineError, match=said) as refused:
        baselines.read("support")
    assert str(path) in str(refused.value)


def test_a_case_twice_or_with_too_many_passes_is_refused(baselines: Baselines) -> None:
    """Merging two branches can leave a case twice."""
    path = baselines.write("support", [case("a")])
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("  "))
    path.write_text(path.read_text(encoding="utf-8").replace(line, f"{line},\n{line}"), encoding="utf-8")
    with pytest.raises(BaselineError, match="twice"):
        baselines.read("support")
    path.write_text(path.read_text(encoding="utf-8").replace('"passes": 1', '"passes": 2'), encoding="utf-8")
    with pytest.raises(BaselineError, match="more passes than runs"):
        baselines.read("support")


@pytest.mark.parametrize(
    ("model", "folder"),
    [("demo", "demo"), ("azure/gpt-4o (eu)", "azure-gpt-4o-eu"), ("../../etc", "etc"), ("///", "model")],
)
def test_a_models_name_is_a_folders(model: str, folder: str) -> None:
    """No name of a model leaves the folder of baselines."""
    assert slug(model) == folder


def test_suites_with_a_baseline_are_known_and_one_can_be_removed(baselines: Baselines) -> None:
    """Those of this model alone; none where nothing was written yet."""
    assert baselines.suites() == set()
    for name in ("a", "b"):
        baselines.write(name, [case("a")])
    Baselines(baselines.folder, "other").write("c", [case("a")])
    assert baselines.suites() == {"a", "b"}
    baselines.remove("a")
    assert baselines.suites() == {"b"}
