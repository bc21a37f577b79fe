from __future__ import annotations

from pathlib import Path

from evals.suites.completed import completed
from evals.suites.suite import read_suite
from evals.suites.toolchain import OWN

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "prompt-repository" / "promptfoo"


def test_a_folder_without_a_provider_gets_that_of_here(tmp_path: Path) -> None:
    """The suite's own files are reached from the same place, and nothing is written into its folder."""
    before = sorted(EXAMPLE.rglob("*"))
    configuration = completed(read_suite(EXAMPLE / "suites" / "parcel-desk"), tmp_path)
    assert (configuration.parent / "../../providers/gateway.mjs").resolve() == OWN / "providers" / "gateway.mjs"
    assert (configuration.parent / "cases" / "questions.yaml").is_file()
    assert sorted(EXAMPLE.rglob("*")) == before


def test_a_folder_with_parts_of_its_own_keeps_them(tmp_path: Path) -> None:
    suite = read_suite(OWN / "suites" / "customer-support")
    assert completed(suite, tmp_path) == OWN / "suites" / "customer-support" / "suite.yaml"
    assert not list(tmp_path.iterdir())
