"""The process that delivers events beside the gateway's workers: ``python -m inferspect.launcher.deliveries``.

What ``inferspect worker`` is, with its figures among the gateway's; requests come first for the machine's processors.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import redirect_stderr, redirect_stdout

from inferspect.launcher.lifeline import die_with_parent
from inferspect.launcher.metric_files import use_places
from inferspect.logs import PrintedLines
from inferspect.settings import LaunchSettings

PATIENCE = 2.0  # seconds for batches at hand; the launcher allows a little more
COURTESY = 10  # of 19: what is late is still delivered while the machine has more to do than it can


def main() -> None:
    die_with_parent()
    os.nice(COURTESY)
    use_places()
    from inferspect.events.worker import work  # noqa: PLC0415  makes figures when it is imported

    with redirect_stdout(PrintedLines("stdout")), redirect_stderr(PrintedLines("stderr")):
        asyncio.run(work(LaunchSettings(), patience=PATIENCE))


if __name__ == "__main__":
    main()
