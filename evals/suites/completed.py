"""Suites of a repository that has prompts and cases only: the provider and shared assertions are those of here."""

from __future__ import annotations

from pathlib import Path

from evals.suites.suite import Suite
from evals.suites.toolchain import OWN

PARTS = ("providers", "shared")


def completed(suite: Suite, place: Path) -> Path:
    """The configuration of a suite, where ``../../providers`` and ``../../shared`` are.

    Args:
        place: a folder for links to the suite's own folder, and to those parts that it lacks.
    """
    folder = suite.folder.parents[1]
    missing = [part for part in PARTS if not (folder / part).exists()]
    if not missing:
        return suite.configuration
    laid_out = place / suite.folder.relative_to(folder)
    laid_out.mkdir(parents=True)
    for entry in suite.folder.iterdir():
        (laid_out / entry.name).symlink_to(entry)
    for entry in folder.iterdir():
        if entry.name != laid_out.parent.name:
            (place / entry.name).symlink_to(entry)
    for part in missing:
        (place / part).symlink_to(OWN / part)
    return laid_out / suite.configuration.name
