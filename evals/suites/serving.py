"""``python -m evals.suites.serving``: ``inferspect serve`` that stops when the process that started it ends."""

from __future__ import annotations

import signal
import sys

from inferspect.cli import main
from inferspect.launcher.lifeline import die_with_parent

if __name__ == "__main__":
    die_with_parent(signal.SIGINT)
    sys.argv = ["inferspect", "serve"]
    main()
