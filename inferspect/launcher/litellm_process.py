"""The gateway's main process: LiteLLM's own command line, told where everything is.

``python -m inferspect.launcher.litellm_process --config … --host … --port … --num_workers …`` takes LiteLLM's own
options. LiteLLM runs its migrations, loads the application once and forks the workers from it (``--run_gunicorn``),
so a worker that dies is replaced without importing everything again.
"""

from __future__ import annotations

import sys

from inferspect.launcher.lifeline import die_with_parent
from inferspect.launcher.litellm_range import check_litellm
from inferspect.logs import configure_logs
from inferspect.settings import LogSettings


def main() -> None:
    die_with_parent()
    check_litellm()
    configure_logs(LogSettings())
    from litellm.proxy.proxy_cli import run_server  # noqa: PLC0415  takes seconds, and the check above comes first

    run_server(args=["--run_gunicorn", *sys.argv[1:]])


if __name__ == "__main__":
    main()
