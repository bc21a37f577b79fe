"""Opens the prompts at the start of a worker."""

from __future__ import annotations

from inferspect.extension import Worker
from inferspect.prompts.library import PromptFolder, PromptLibrary
from inferspect.prompts.settings import folder_of
from plugins.prompts.service import install


async def start(worker: Worker) -> None:
    """Read the folder of the settings, mount the routes.

    Raises:
        ValueError, OSError: the folder is not there, or cannot be read; the worker does not start.
    """
    from inferspect.http.tenant_access import mount  # noqa: PLC0415  LiteLLM is there only inside its worker
    from plugins.prompts.api import router  # noqa: PLC0415  as above

    folder = folder_of(worker.settings.prompts, worker.launch.inferspect_config)
    prompts = None if folder is None else PromptLibrary(PromptFolder(folder))
    if prompts is not None:
        await prompts.open()
    install(prompts)
    mount(worker.app, router)
