"""`python -m tests.benchmarks [name ...]`: prints figures and writes them to their sections of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def benchmark(name: str) -> str:
    """What a benchmark has to report, in Markdown."""
    if name == "upstream":
        if shutil.which("wrk") is None:
            sys.exit("benchmarks: `upstream` needs wrk, which is not there. On Debian or Ubuntu: apt-get install wrk")
        return figures(importlib.import_module(f"tests.benchmarks.{name}").measure())
    # Each imports much of its own.
    return str(importlib.import_module(f"tests.benchmarks.{name}").report())


BENCHMARKS = (
    "gateway",
    "hooks",
    "streams",
    "guardrails",
    "detection",
    "quality",
    "observation",
    "evaluation",
    "reports",
    "upstream",
)


def figures(values: dict[str, float]) -> str:
    lines = [f"| {name.replace('_', ' ')} | {value:,.2f} |" for name, value in values.items()]
    return "\n".join(["| figure | value |", "|---|---:|", *lines])


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def write(name: str, text: str) -> None:
    """Replace what stands between the markers of a section; the words around it are a person's."""
    document = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(document):
        sys.exit(f"benchmarks: {DOCUMENT} has no `{begin}` … `{end}` to write between")
    head = f"`python -m tests.benchmarks {name}`, {datetime.now(UTC):%Y-%m-%d}, {machine()}:"
    section = f"{begin}\n{head}\n\n{text}\n{end}"
    DOCUMENT.write_text(pattern.sub(lambda _found: section, document), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"which to run, all by default: {', '.join(BENCHMARKS)}")
    names = parser.parse_args().name or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; choose from: {', '.join(BENCHMARKS)}")
    for name in names:
        if name == "upstream" and len(names) > 1 and shutil.which("wrk") is None:
            print("upstream: skipped, wrk is not installed\n")  # noqa: T201 - output is what this is for
            continue
        text = benchmark(name)
        print(f"{name}\n\n{text}\n", flush=True)  # noqa: T201 - as above
        write(name, text)


if __name__ == "__main__":
    main()
