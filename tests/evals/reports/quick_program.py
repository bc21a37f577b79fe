"""Stands in for the environment that has Deepchecks, where it matters which reports are made and not what they say.

Called as that environment's Python is. Notes the ids that it was given in ``runs`` beside it; waits while there is
``hold``, fails while there is ``fail``, and writes a report that is none while there is ``odd``.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main(responses: Path, suite: Path, output: Path) -> int:
    with responses.open(encoding="utf-8") as opened:
        ids = [row["id"] for row in csv.DictReader(opened)]
    title = json.loads(suite.read_text(encoding="utf-8"))["title"]
    with (HERE / "runs").open("a", encoding="utf-8") as runs:
        runs.write(json.dumps([title, ids]) + "\n")
    while (HERE / "hold").exists():
        time.sleep(0.02)
    if (HERE / "fail").exists():
        sys.stderr.write("out of luck\0\n")
        return 1
    output.mkdir()
    if (HERE / "odd").exists():
        for name in ("report.json", "report.html"):
            (output / name).write_text("{}", encoding="utf-8")
        return 0
    condition = {"check": "Quick", "column": None, "message": "\0", "value": 1.0, "threshold": 0.5}
    bad = (HERE / "bad").exists()
    found = {
        "baseline_responses": None,
        "passed": 1,
        "failed": int(bad),
        "not_run": 0,
        "conditions": [
            {**condition, "name": "good", "status": "passed"},
            *([{**condition, "name": "bad", "status": "failed"}] if bad else []),
        ],
    }
    (output / "report.json").write_text(json.dumps(found), encoding="utf-8")
    (output / "report.html").write_text("<!DOCTYPE html>", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[3:6])))
