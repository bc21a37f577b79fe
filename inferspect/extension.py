"""How a package beside the host joins in: a command, work at the start of each worker, entities.

All are entry points, so the host need not know who is there: ``inferspect.commands`` are Typer applications,
``inferspect.extensions`` coroutine functions that take a :class:`Worker`, and ``inferspect.entities`` functions that
take the settings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import typer

from inferspect.settings import LaunchSettings, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(frozen=True, slots=True)
class Worker:
    """What an extension gets: LiteLLM's application to mount routes on, the settings, the database.

    ``in_background`` runs a coroutine for as long as the worker lives.
    """

    app: FastAPI
    settings: Settings
    launch: LaunchSettings
    engine: AsyncEngine
    in_background: Callable[[Coroutine[Any, Any, None]], None]


Extension = Callable[[Worker], Awaitable[None]]


def extensions() -> Iterator[Extension]:
    """Those that are installed; a worker does not start where one fails."""
    for point in sorted(entry_points(group="inferspect.extensions")):
        extension: Extension = point.load()
        yield extension


def read_own_entities(settings: Mapping[str, Any]) -> None:
    """Have packages make known which entities the operator's own files define, before rules that name them are read.

    Args:
        settings: the ``inferspect`` section of the configuration, not checked yet.

    Raises:
        ConfigurationError: one of the files is wrong.
    """
    for point in sorted(entry_points(group="inferspect.entities")):
        point.load()(settings)


def commands() -> Iterator[tuple[str, typer.Typer]]:
    """The commands of installed packages, by name."""
    for point in sorted(entry_points(group="inferspect.commands")):
        yield point.name, point.load()
