"""Sets a process up to observe: has the observers that are installed join in, and delivers events to them.

The same for a worker of the gateway and for ``inferspect worker``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inferspect.events.couriers import LAST_WORDS, Couriers
from inferspect.events.delivery import Consumer, Consumers
from inferspect.events.housekeeping import NAME, Housekeeping
from inferspect.extension import Observer, observers
from inferspect.store.deliveries.outbox import Outbox
from inferspect.store.events.projecting import ProjectionConsumer
from inferspect.store.leader import lead
from inferspect.tenancy.lookup import TenantLookup

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.configuration import Configuration
    from inferspect.settings import LaunchSettings


async def observe(
    configuration: Configuration,
    launch: LaunchSettings,
    engine: AsyncEngine,
    in_background: Callable[[Coroutine[Any, Any, None]], None],
    *,
    delivers: bool,
    models: Callable[[], Iterable[str]],
    patience: float = LAST_WORDS,
) -> Observer:
    """Have all observers join in, and begin to deliver where this process ``delivers``.

    In a worker of the gateway that is where ``events.consumers`` is ``gateway``. What it returns makes the writer:
    ``EventWriter(engine, observer.consumers, observer.tenants)``; its ``listeners`` are to be called with each event.

    Args:
        models: tells the names of the models that are configured now.
        patience: seconds that batches at hand are given when the process ends.

    Raises:
        Exception: an observer's own, such as for a wrong setting; the process must not start then.
    """
    observer = Observer(
        settings=configuration.settings,
        launch=launch,
        default_rules=configuration.default_rules,
        engine=engine,
        consumers=Consumers(),
        outbox=Outbox(engine),
        tenants=TenantLookup(engine, configuration.default_rules),
        listeners=[],
        retained=[],
        in_background=in_background,
        models=models,
        delivers=delivers,
    )
    for join in observers():
        await join(observer)
    if delivers:
        _deliver(observer, patience)
    return observer


def _deliver(observer: Observer, patience: float) -> None:
    engine, events = observer.engine, observer.settings.events
    late: list[Consumer] = [ProjectionConsumer(engine, projection) for projection in observer.consumers.projections]
    consumers = [*observer.consumers.consumers, *late]
    observer.in_background(Couriers(consumers, engine, events, patience).run())
    names = [consumer.name for consumer in consumers]
    housekeeping = Housekeeping(engine, events, observer.tenants, observer.retained, names)
    observer.in_background(lead(engine, NAME, housekeeping.run))
