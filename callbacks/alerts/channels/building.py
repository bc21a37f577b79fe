"""Makes the channels that the settings name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.alerts.channels.apprise_channel import AppriseService
from callbacks.alerts.channels.channel import Channel, Factory, Surroundings
from callbacks.alerts.channels.consumer import Earlier, Notifier
from callbacks.alerts.channels.mail import Mail
from callbacks.alerts.channels.pagerduty import PagerDuty
from callbacks.alerts.channels.slack import Slack
from callbacks.alerts.channels.teams import Teams
from callbacks.alerts.channels.webhook import Webhook
from inferspect.observation.channels import BaseChannel, CustomChannel
from inferspect.outgoing.client import GuardedTransport, OutgoingClient
from inferspect.settings import Settings
from inferspect.store.tables import DeliveryRow

KINDS: dict[str, Callable[[Any, Surroundings], Channel]] = {
    "slack": Slack,
    "teams": Teams,
    "pagerduty": PagerDuty,
    "email": Mail,
    "apprise": AppriseService,
    "webhook": Webhook,
}


def notifiers_of(settings: Settings, engine: AsyncEngine) -> dict[str, Notifier]:
    """A consumer for each channel of the settings, by the channel's name.

    Raises:
        ValueError: a channel of one's own cannot be made; the process does not start.
    """
    networks = settings.access.outgoing_networks
    surroundings = Surroundings(OutgoingClient(GuardedTransport(networks)), networks)
    earlier = earlier_in(engine)
    return {
        name: Notifier(name, channel, channel_of(name, channel, surroundings), earlier)
        for name, channel in settings.alerts.channels.items()
    }


def channel_of(name: str, settings: BaseChannel, surroundings: Surroundings) -> Channel:
    """The channel of these settings.

    Raises:
        ValueError: it is one of one's own and cannot be made.
    """
    if isinstance(settings, CustomChannel):
        place = f"inferspect.alerts.channels.{name}"
        factory = _factory(settings.factory, place)
        try:
            return factory(settings, surroundings)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
    kind: str = getattr(settings, "type")  # noqa: B009  each kind declares it for itself
    return KINDS[kind](settings, surroundings)


def earlier_in(engine: AsyncEngine) -> Earlier:
    """Looks into ``inferspect.deliveries``."""

    async def waits(consumer: str, alert_id: str, before: datetime, besides: Sequence[str]) -> bool:
        query = (
            select(DeliveryRow.id)
            .where(
                DeliveryRow.consumer == consumer,
                DeliveryRow.message["alert_id"].astext == alert_id,
                DeliveryRow.occurred_at < before,
                DeliveryRow.id.not_in(besides),
                DeliveryRow.dead_at.is_(None),
            )
            .limit(1)
        )
        async with engine.connect() as connection:
            return (await connection.execute(query)).first() is not None

    return waits


def _factory(name: str, place: str) -> Factory:
    module_name, _, attribute = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{place}.factory: {name} cannot be imported: {error}") from error
    if not callable(found):
        raise ValueError(f"{place}.factory: {name} cannot be called")  # noqa: TRY004  the setting's value is wrong
    factory: Factory = found
    return factory
