"""Checks of the prompts that the gateway serves."""

from __future__ import annotations

from inferspect.configuration import Configuration
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, info, ok, warning
from inferspect.prompts.settings import folder_of

MOST_TOLD = 10


def check_prompts(examination: Examination) -> Result:
    """Whether all files of the folder can be used."""
    from inferspect.prompts.library import PromptFolder  # noqa: PLC0415  takes a while, mostly not needed

    configuration = examination.configuration
    if not isinstance(configuration, Configuration):
        return info("prompts", "unknown, because the configuration is wrong")
    folder = folder_of(configuration.settings.prompts, configuration.file)
    if folder is None:
        return ok("prompts", "none are kept as files")
    try:
        shelf = PromptFolder(folder).read()
    except OSError as failure:
        return warning("prompts", f"{folder} cannot be read: {failure.strerror}", "correct its permissions")
    if shelf.mistakes:
        told = "\n".join(map(str, shelf.mistakes[:MOST_TOLD]))
        return warning("prompts", told, "mend these files; `inferspect prompts check` names every mistake")
    return ok("prompts", f"{len(shelf.prompts)} in {folder}")
