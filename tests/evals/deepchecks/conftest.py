"""The program that runs Deepchecks, run as a process in its own environment."""

from __future__ import annotations

import csv
import json
import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-deepchecks" / "bin" / "python"
SCORES = ("Relevance", "Avoided Answer", "Profanity", "Sentiment", "Reading Ease", "Text Length", "Response Time")
WORDS = ("invoice", "delivery", "password", "refund", "battery", "screen", "contract", "holiday", "router", "parcel")
Row = dict[str, Any]


def rows(count: int, seed: int) -> list[Row]:
    """Responses as they come day by day: scores of many shapes, some of them missing."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        tokens = int(dice.lognormvariate(5, 0.8))
        made.append(
            {
                "id": f"{seed}-{number}",
                "occurred_at": "2026-03-01 12:00:00+00",
                "model": "demo",
                "prompt_hash": f"p{seed}-{number}",
                "answer_hash": f"a{seed}-{number}",
                "skipped": "",
                "Prompt Tokens": tokens,
                "Answer Tokens": int(dice.lognormvariate(4, 1)),
                "Cost": tokens * 1e-6,
                "Language": dice.choices(("en", "vi", "fr"), (80, 15, 5))[0],
                "Relevance": dice.betavariate(5, 2),
                "Avoided Answer": dice.choices((0.0, 0.5, 1.0), (93, 4, 3))[0],
                "Profanity": dice.betavariate(1, 20),
                "Sentiment": dice.gauss(0.2, 0.3) if dice.random() < 0.8 else "",
                "Reading Ease": dice.gauss(60, 15) if dice.random() < 0.7 else "",
                "Text Length": int(dice.lognormvariate(6, 1)),
                "Response Time": dice.lognormvariate(0, 0.7),
            }
        )
    return made


@dataclass(frozen=True, slots=True)
class Folder:
    """Files for one report."""

    path: Path

    @property
    def arguments(self) -> list[str]:
        return [str(self.path / name) for name in ("responses.csv", "suite.json", "output")]

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / "output" / "report.json").read_text(encoding="utf-8"))
        return found

    @property
    def page(self) -> Path:
        return self.path / "output" / "report.html"

    def conditions(self, status: str) -> list[dict[str, Any]]:
        return [each for each in self.report["conditions"] if each["status"] == status]


Prepare = Callable[..., Folder]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """Writes the files of a job."""

    def write(
        window: Sequence[Row],
        checks: Sequence[dict[str, Any]],
        baseline: Sequence[Row] | None = None,
        tables: dict[str, Sequence[Row]] | None = None,
        **job: Any,
    ) -> Folder:
        folder = tmp_path / f"job-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        files = {**(tables or {}), **({} if baseline is None else {"baseline": baseline})}
        for name, table in {"responses": window, **files}.items():
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as opened:
                written = csv.DictWriter(opened, list(dict.fromkeys(key for row in table for key in row)) or ["id"])
                written.writeheader()
                written.writerows(table)
        described = {"checks": checks, **{name: f"{name}.csv" for name in files}, **job}
        (folder / "suite.json").write_text(json.dumps(described), encoding="utf-8")
        return Folder(folder)

    return write


def run(*folders: Folder) -> subprocess.CompletedProcess[str]:
    """Have the program make the reports of all, in one process."""
    arguments = [argument for folder in folders for argument in folder.arguments]
    return run_with(*arguments)


def run_with(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert PYTHON.exists(), "run `make setup-dev`"
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    command = [str(PYTHON), "-m", "evals.deepchecks", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
