"""Requests to addresses that people write into settings: only to where the operator lets them go."""

from inferspect.outgoing.addresses import ForbiddenAddressError, Network, Resolver, checked_addresses, system_resolver
from inferspect.outgoing.client import Answer, GuardedTransport, OutgoingClient
from inferspect.outgoing.urls import check_url

__all__ = [
    "Answer",
    "ForbiddenAddressError",
    "GuardedTransport",
    "Network",
    "OutgoingClient",
    "Resolver",
    "check_url",
    "checked_addresses",
    "system_resolver",
]
