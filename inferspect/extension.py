"""How a package beside the host joins in: a command, work at the start of each worker, entities.

All are entry points, so the host need not know who is there: ``inferspect.commands`` are Typer applications,
``inferspect.extensions`` coroutine functions that take a :class:`Worker`, ``inferspect.observers`` such that take an
:class:`Observer`, ``inferspect.entities`` functions that take the settings, and ``inferspect.redactors`` functions that
take the :class:`~inferspect.settings.LaunchSettings` and give a :class:`Redactor`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

import typer

from inferspect.settings import LaunchSettings, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.events.delivery import Consumers, EventListener
    from inferspect.store.deliveries.outbox import Outbox
    from inferspect.tenancy.lookup import TenantLookup


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


@dataclass(frozen=True, slots=True)
class Observer:
    """What an observer gets, in each worker of the gateway and in each process of ``inferspect worker``.

    Attributes:
        consumers: to add consumers and projections to.
        outbox: to post messages to consumers with.
        tenants: rules of a tenant by its id; ``await tenants.rules_of(id)``, or ``tenants.known(id)`` in ``wants``.
        listeners: called in a gateway's worker when a request has ended, with its event; quick, and they never raise.
        retained: to add names of tables of schema ``inferspect`` to that are kept as long as events: partitioned by
            the UTC day of ``occurred_at`` as ``<table>_<YYYYMMDD>``, with a ``tenant_id``. See
            :func:`inferspect.store.partitions.make_partitions`.
        models: names of the models that are configured now, for labels of metrics; in ``inferspect worker`` those of
            the configuration only.
        delivers: whether this process delivers events, and evaluates what only one process should.
    """

    settings: Settings
    launch: LaunchSettings
    default_rules: Mapping[str, Any]
    engine: AsyncEngine
    consumers: Consumers
    outbox: Outbox
    tenants: TenantLookup
    listeners: list[EventListener]
    retained: list[str]
    in_background: Callable[[Coroutine[Any, Any, None]], None]
    models: Callable[[], Iterable[str]]
    delivers: bool


class Redactor(Protocol):
    """Takes personal data and secrets out of a text, whatever any tenant's rules say."""

    def __call__(self, text: str, *, is_json: bool = False) -> str:
        """The text with placeholders.

        Args:
            is_json: whether it is a JSON document, which it stays.

        Raises:
            Exception: of any kind: it was not looked through, and may go nowhere.
        """
        ...


Extension = Callable[[Worker], Awaitable[None]]
Observing = Callable[[Observer], Awaitable[None]]


def extensions() -> Iterator[Extension]:
    """Those that are installed; a worker does not start where one fails."""
    for point in sorted(entry_points(group="inferspect.extensions")):
        extension: Extension = point.load()
        yield extension


def observers() -> Iterator[Observing]:
    """Those that are installed; a process does not start where one fails."""
    for point in sorted(entry_points(group="inferspect.observers")):
        observe: Observing = point.load()
        yield observe


def read_own_entities(settings: Mapping[str, Any]) -> None:
    """Have packages make known which entities the operator's own files define, before rules that name them are read.

    Args:
        settings: the ``inferspect`` section of the configuration, not checked yet.

    Raises:
        ConfigurationError: one of the files is wrong.
    """
    for point in sorted(entry_points(group="inferspect.entities")):
        point.load()(settings)


def redactors(launch: LaunchSettings) -> Iterator[Redactor]:
    """Those that are installed, each set up from the configuration.

    Raises:
        ConfigurationError: it is wrong.
    """
    for point in sorted(entry_points(group="inferspect.redactors")):
        redactor: Redactor = point.load()(launch)
        yield redactor


def commands() -> Iterator[tuple[str, typer.Typer]]:
    """The commands of installed packages, by name."""
    for point in sorted(entry_points(group="inferspect.commands")):
        yield point.name, point.load()
