"""``index.html``: the run on one page that needs no script and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evals.gate.verdict import Verdict
from evals.summary import rows

TEMPLATE = Path(__file__).with_name("page.html")


def page(verdict: Verdict, model: str, when: datetime, folder: Path, notes: Sequence[str]) -> str:
    """The page; suites are linked with what Promptfoo wrote of them into the same folder."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    names = [f"{result.suite}.html" for result in verdict.results]
    return environment.get_template(TEMPLATE.name).render(
        title=f"Prompt suites: {rows.OUTCOMES[verdict.outcome]}",
        outcome=verdict.outcome,
        told=rows.OUTCOMES[verdict.outcome],
        model=model,
        when=f"{when:%Y-%m-%d %H:%M} UTC",
        cost=rows.total_cost(verdict),
        titles=rows.TITLES,
        rows=rows.rows(verdict),
        pages={name.removesuffix(".html"): quote(name) for name in names if (folder / name).exists()},
        sections=[
            ("Errors", list(rows.errors(verdict))),
            ("Failed", list(rows.failures(verdict))),
            ("To know", list(rows.warnings(verdict))),
        ],
        lacking=verdict.without_baseline,
        notes=notes,
    )
