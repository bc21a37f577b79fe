"""What a channel is: the contract between the consumer of notifications and what sends them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from callbacks.alerts.notification import Notification
from inferspect.events.delivery import Delivered
from inferspect.observation.channels import CustomChannel
from inferspect.outgoing.addresses import Network, Resolver, system_resolver
from inferspect.outgoing.client import OutgoingClient


class Channel(Protocol):
    """Sends notifications."""

    async def send(self, notification: Notification, notification_id: str) -> Delivered:
        """What became of it. An exception stands for ``Retry``, but may tell a secret: its message is not kept.

        Args:
            notification_id: a UUID, the same whenever the same notification is sent again; hand it to receivers that
                know what they had already got.
        """
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every channel gets.

    Attributes:
        client: the only way to requests of HTTP: see :mod:`inferspect.outgoing`.
        networks: that may be reached although they are not public, for what speaks no HTTP.
        resolve: finds the addresses of a host, for the same.
    """

    client: OutgoingClient
    networks: tuple[Network, ...] = ()
    resolve: Resolver = system_resolver


Factory = Callable[[CustomChannel, Surroundings], Channel]
"""Makes a channel of one's own; raises ``ValueError`` where its options are wrong, and the gateway does not start."""
