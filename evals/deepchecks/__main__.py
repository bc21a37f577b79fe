"""``python -m evals.deepchecks INPUT.csv SUITE.json OUTPUT/ [INPUT SUITE OUTPUT ...]``.

Writes ``report.html`` and ``report.json`` into each output folder. The exit code is 0 whatever the conditions say,
2 where the input is wrong, 1 where Deepchecks itself fails.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

# Deepchecks tells its makers of each import otherwise; Matplotlib would ask for a screen.
os.environ["DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY"] = "True"
os.environ["MPLBACKEND"] = "agg"

WRONG_INPUT = 2
USAGE = "usage: python -m evals.deepchecks INPUT.csv SUITE.json OUTPUT/ [INPUT SUITE OUTPUT ...]"
ARGUMENTS = 3


def main(arguments: list[str]) -> int:
    """Make a report of each three arguments."""
    if not arguments or len(arguments) % ARGUMENTS:
        sys.stderr.write(f"{USAGE}\n")
        return WRONG_INPUT
    warnings.simplefilter("ignore")  # of Deepchecks and pandas about each other; the report is what is read

    from evals.deepchecks.job import JobError  # noqa: PLC0415  after the environment is set
    from evals.deepchecks.report import make_report  # noqa: PLC0415  as above

    try:
        for place in range(0, len(arguments), ARGUMENTS):
            responses, suite, output = map(Path, arguments[place : place + ARGUMENTS])
            make_report(responses, suite, output)
    except JobError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
