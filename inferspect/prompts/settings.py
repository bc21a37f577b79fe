"""Where prompts are."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from inferspect.section import Section

USUAL = Path("promptfoo") / "prompts"


class PromptSettings(Section):
    """Prompts that the gateway serves by name. See [Prompts](prompts.md)."""

    folder: Path | None = Field(
        default=None,
        description="Folder of the prompts' files, relative to the configuration file; unset, `promptfoo/prompts` "
        "beside it, where that is there.",
    )


def folder_of(settings: PromptSettings, configuration: Path) -> Path | None:
    """The folder, or ``None`` where there is none.

    Raises:
        ValueError: the one that the settings name is not there.
    """
    home = configuration.absolute().parent
    if settings.folder is None:
        return home / USUAL if (home / USUAL).is_dir() else None
    folder = home / settings.folder
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    return folder
