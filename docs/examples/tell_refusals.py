"""Tells another system, by an HTTP request, of each request that a rule or a guardrail has refused."""

from __future__ import annotations

import os
from collections.abc import Sequence

import httpx

from inferspect.events.delivery import DONE, Delivered, Delivery, Rejected, Retry
from inferspect.events.event import GatewayEvent
from inferspect.extension import Observer


class RefusalTeller:
    """A consumer. The receiver may get the same twice, and knows it by its ``Idempotency-Key``."""

    name = "refusals"
    batch = 20
    needs_content = False

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=10)

    def wants(self, event: GatewayEvent) -> bool:
        return event.result == "blocked"

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        return [await self._tell(delivery) for delivery in deliveries]

    async def close(self) -> None:
        await self._client.aclose()

    async def _tell(self, delivery: Delivery) -> Delivered:
        event = delivery.event
        body = {"tenant": delivery.tenant_id, "code": event.code, "model": event.model} if event else delivery.message
        try:
            answer = await self._client.post(self._url, json=body, headers={"Idempotency-Key": delivery.id})
        except httpx.HTTPError as error:
            return Retry(type(error).__name__)
        if answer.is_success:
            return DONE
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            asked = answer.headers.get("Retry-After", "")
            return Retry(f"status {answer.status_code}", after=float(asked) if asked.isdigit() else None)
        return Rejected(f"status {answer.status_code}")


async def start(observer: Observer) -> None:
    """Join the observers of a process, where there is somebody to tell."""
    if url := os.environ.get("REFUSALS_URL"):
        observer.consumers.add(RefusalTeller(url))
