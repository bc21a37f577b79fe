"""Checks of what is installed: Python, LiteLLM, the lock, set-up."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import distributions, metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, error, ok, warning
from inferspect.launcher.home import LaunchError
from inferspect.launcher.litellm_range import TESTED, check_litellm

PROPRIETARY = "litellm-enterprise"
SHOWN = 5  # differences named in a message; more are counted


def check_python(_examination: Examination) -> Result:
    supported = str(metadata("inferspect")["Requires-Python"])
    found = platform.python_version()
    if found in SpecifierSet(supported):
        return ok("python", f"{found} (supported: {supported})")
    return error("python", f"{found} is not supported ({supported})", "make clean && make PYTHON=python3.13 setup")


def check_litellm_version(_examination: Examination) -> Result:
    try:
        check_litellm()
    except LaunchError as wrong:
        return error("litellm", str(wrong), "make setup")
    except ModuleNotFoundError:
        return error("litellm", "not installed", "make setup")
    return ok("litellm", f"{TESTED}, the version the hooks are tested with")


def check_packages(examination: Examination) -> Result:
    """Installed packages against the lock, and the one package that must not be there."""
    installed: dict[str, str] = {
        canonicalize_name(found.metadata["Name"]): found.version
        for found in distributions(path=[str(examination.packages)])
    }
    if PROPRIETARY in installed:
        return error(
            "packages",
            f"{PROPRIETARY} is installed; it is proprietary and nothing here uses it",
            f"{sys.executable} -m pip uninstall {PROPRIETARY}",
        )
    if not examination.lock_file.is_file():
        return warning("packages", f"{examination.lock_file} is missing, so they cannot be compared", "restore it")
    locked = dict(_locked(examination.lock_file))
    differing = [
        f"{name} {installed.get(name, 'missing')} (locked: {version})"
        for name, version in locked.items()
        if installed.get(name) != version
    ]
    if differing:
        more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        return warning("packages", f"not as locked: {', '.join(differing[:SHOWN])}{more}", "make clean && make setup")
    return ok("packages", f"{len(locked)} as locked, no {PROPRIETARY}")


def check_set_up(examination: Examination) -> Result:
    """Whether every step of ``make setup`` has been done, with its present inputs."""
    stamps = Path(sys.prefix) / ".setup"
    undone = [name for name, digest in set_up_digests(examination.root).items() if _stamp(stamps / name) != digest]
    if undone:
        return warning("set-up", f"steps to be done: {', '.join(undone)}", "make setup")
    return ok("set-up", "complete")


def set_up_digests(root: Path) -> dict[str, str]:
    """The stamps that ``infra/setup`` leaves, by step; a test compares this table with the steps themselves."""
    locks, engine = root / "requirements", root / "infra" / "prisma-engine"
    inputs: dict[str, list[Path | str]] = {
        "python-environment": [f"{sys.version_info.major}.{sys.version_info.minor}"],
        "installer": [locks / "bootstrap.lock"],
        "gateway-packages": [locks / "gateway.lock"],
        "inferspect": [root / "pyproject.toml", str(root)],
        "node-packages": [engine / "package.json", engine / "package-lock.json"],
        "prisma-client": [locks / "gateway.lock", engine / "package-lock.json"],
    }
    return {name: _digest(parts) for name, parts in inputs.items()}


def _digest(parts: list[Path | str]) -> str:
    content = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            content.update(part.read_bytes() if part.is_file() else b"")
        else:
            content.update(part.encode())
        content.update(b"\0")
    return content.hexdigest()


def _stamp(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _locked(lock: Path) -> Iterator[tuple[str, str]]:
    """Names and versions that the lock has for this Python and system."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith((" ", "#")):
            continue
        requirement = Requirement(line.rstrip(" \\"))
        if requirement.marker is None or requirement.marker.evaluate():
            yield canonicalize_name(requirement.name), next(iter(requirement.specifier)).version
