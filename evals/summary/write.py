"""Writing what a run leaves as a whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from evals.gate.verdict import Verdict
from evals.summary.junit import junit
from evals.summary.markdown import markdown
from evals.summary.page import page
from evals.summary.record import record

FILES = ("summary.json", "summary.md", "junit.xml", "index.html")


def write_summary(verdict: Verdict, model: str, when: datetime, folder: Path, notes: Sequence[str]) -> None:
    """Write ``summary.json``, ``summary.md``, ``junit.xml`` and ``index.html`` of the run."""
    told = json.dumps(record(verdict, model, when, notes), indent=1, ensure_ascii=False)
    (folder / "summary.json").write_text(f"{told}\n", encoding="utf-8")
    (folder / "summary.md").write_text(markdown(verdict, model, notes), encoding="utf-8")
    (folder / "junit.xml").write_bytes(junit(verdict))
    (folder / "index.html").write_text(page(verdict, model, when, folder, notes), encoding="utf-8")
