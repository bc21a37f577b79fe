"""Writing all that a run leaves, and being sure that no key is in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from evals.gate.verdict import Verdict
from evals.summary.junit import junit
from evals.summary.markdown import markdown
from evals.summary.page import page
from evals.summary.record import record

REMOVED = b"[key removed]"
SHORTEST_KEY = 12
SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def write_summary(verdict: Verdict, model: str, when: datetime, folder: Path, notes: Sequence[str]) -> None:
    """Write ``summary.json``, ``summary.md``, ``junit.xml`` and ``index.html`` of the run."""
    told = json.dumps(record(verdict, model, when, notes), indent=1, ensure_ascii=False)
    (folder / "summary.json").write_text(f"{told}\n", encoding="utf-8")
    (folder / "summary.md").write_text(markdown(verdict, model), encoding="utf-8")
    (folder / "junit.xml").write_bytes(junit(verdict))
    (folder / "index.html").write_text(page(verdict, model, when, folder, notes), encoding="utf-8")


def remove_keys(folder: Path, keys: Iterable[str]) -> list[str]:
    """Names of the files that one of the keys, or a key of this process's environment, was in; it no longer is."""
    texts = {key.encode() for key in (*keys, *_keys_of_environment()) if len(key) >= SHORTEST_KEY}
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if any(text in content for text in texts):
            for text in texts:
                content = content.replace(text, REMOVED)
            path.write_bytes(content)
            found.append(str(path.relative_to(folder)))
    return found


def _keys_of_environment() -> list[str]:
    return [value for name, value in os.environ.items() if name.upper().endswith(SECRET_NAMES)]
