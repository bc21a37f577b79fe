"""The command line."""

from __future__ import annotations

import subprocess
import sys


def test_commands_start_without_what_only_the_gateway_needs() -> None:
    """Each of these takes most of a second to import, and a person waits for it."""
    program = (
        "import sys; from inferspect.cli import commands; import inferspect.asking; list(commands());"
        "print(sorted({'alembic', 'fastapi', 'litellm', 'prisma', 'sqlalchemy'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
