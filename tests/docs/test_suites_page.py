"""The suite that the page on suites shows can be run."""

from __future__ import annotations

import re
from pathlib import Path

from evals.suites.gateways import script_of
from evals.suites.suite import find_suites
from tests.docs.markdown import ROOT

PAGE = ROOT / "docs" / "evaluation" / "suites.md"
FILES = {"# suite.yaml": "suite.yaml", "# cases/returns.yaml": "cases/returns.yaml", "- match:": "answers.yaml"}


def test_the_suite_of_the_page_is_read(tmp_path: Path) -> None:
    """Copied file by file, it has its case and its answers."""
    home = tmp_path / "suites" / "returns"
    (home / "cases").mkdir(parents=True)
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for start, file in FILES.items():
        [block] = [block for block in blocks if block.startswith(start)]
        (home / file).write_text(block, encoding="utf-8")
    [suite] = find_suites(tmp_path)
    assert [(case.name, case.repeat, case.pass_threshold) for case in suite.cases] == [("return-window", 5, 0.8)]
    assert len(script_of(tmp_path)) == 2
