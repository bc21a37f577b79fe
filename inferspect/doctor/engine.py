"""Checks of what LiteLLM's database access runs on: Node.js, the Prisma engine, the generated client."""

from __future__ import annotations

import os
import subprocess

from inferspect.doctor.examination import Examination
from inferspect.doctor.machine import read_text
from inferspect.doctor.result import Result, error, ok
from inferspect.launcher.prisma_client import PrismaSetupError, prisma_environment

OLDEST_NODE = 24
PATIENCE = 10.0  # seconds for a program to tell its version
NATIVE = "not used: INFERSPECT_PRISMA_ENGINE=native leaves Prisma's own in charge"


def check_node(examination: Examination) -> Result:
    environment = prisma_environment(examination.root)
    if not environment:
        return ok("node", NATIVE)
    version = _output(environment, environment["INFERSPECT_NODE"], "--version")
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        return error("node", f"{version} is too old; {OLDEST_NODE} or later is needed", "make setup")
    return ok("node", version)


def check_prisma_engine(examination: Examination) -> Result:
    """The engine answers from a script; the command line beside it answers from Node.js, so both prove something."""
    environment = prisma_environment(examination.root)
    if not environment:
        return ok("prisma engine", NATIVE)
    engine = _output(environment, environment["PRISMA_QUERY_ENGINE_BINARY"], "--version")
    migrations = _output(environment, environment["PRISMA_CLI_PATH"], "--version")
    return ok("prisma engine", f"{engine}; {migrations.splitlines()[0]}")


def check_prisma_client(examination: Examination) -> Result:
    """Importing the client takes seconds; that it was generated for the installed LiteLLM can be seen at once."""
    generated = examination.packages / "prisma"
    wanted = read_text(examination.packages / "litellm" / "proxy" / "schema.prisma")
    if not (generated / "client.py").is_file():
        return error("prisma client", "not generated", "make setup")
    if not wanted or read_text(generated / "schema.prisma") != wanted:
        return error(
            "prisma client",
            "generated for another schema than the installed LiteLLM's",
            "python -m inferspect.launcher.prisma_client",
        )
    return ok("prisma client", "generated for the installed LiteLLM")


def _output(environment: dict[str, str], *command: str) -> str:
    """What a program prints.

    Raises:
        PrismaSetupError: it does not run.
    """
    try:
        ran = subprocess.run(
            command,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as failure:
        raise PrismaSetupError(f"{command[0]} does not run ({failure}). Run: make setup") from failure
    return ran.stdout.strip()
