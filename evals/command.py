"""``inferspect eval``: every part of ``evals`` adds its commands to the one application that stands here.

A part has a module ``evals/<part>/command.py`` with functions for Typer and imports at their top only what the command
line itself needs; this module registers each of them in one line.
"""

from __future__ import annotations

import typer

from evals.promotion.command import promote
from evals.reports.command import baseline, report, schedule
from evals.suites.command import run

# The heavy imports stand inside of the functions: every command of `inferspect` loads this module.

app = typer.Typer(no_args_is_help=True, help="Run prompt suites, and make tests and reports from production.")

app.command()(run)
app.command()(promote)
app.command()(report)
app.command()(schedule)
app.add_typer(baseline, name="baseline")
