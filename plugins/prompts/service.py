"""The prompts of a worker, opened at its start."""

from __future__ import annotations

from inferspect.prompts.library import PromptLibrary

_installed: list[PromptLibrary | None] = []


def install(library: PromptLibrary | None) -> None:
    """Make ``library`` this process's; ``None`` where no prompts are configured."""
    _installed[:] = [library]


def library() -> PromptLibrary | None:
    """This process's prompts.

    Raises:
        RuntimeError: the start-up hook did not run, so the hook must not serve.
    """
    if not _installed:
        raise RuntimeError("The prompts were not opened: is the package installed with its entry points?")
    return _installed[0]
