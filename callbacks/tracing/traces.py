"""The consumer ``otlp``: spans of every request, to a collector of the operator's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from callbacks.tracing.attributes import attributes_of, attributes_of_trace
from inferspect.events.delivery import Content, Delivered, Delivery, Rejected, Retry
from inferspect.secret import MissingSecretError
from inferspect.spans.builder import spans_of
from inferspect.spans.export import Exporter, Parcel, Receiver
from inferspect.spans.ids import is_sampled, trace_id_of
from inferspect.spans.otlp import encode
from inferspect.spans.otlp_http import FORMAT

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent
    from inferspect.observation.tracing import TracingSettings
    from inferspect.spans.export import Sender

NAME = "otlp"
NO_CONTENT = Content()


class SpanConsumer:
    """Sends spans; idempotent as far as the collector keeps one span of an id."""

    name = NAME

    def __init__(self, settings: TracingSettings, url: str, sender: Sender) -> None:
        self.batch = settings.batch
        self.needs_content = settings.content == "redacted"
        self._settings = settings
        self._url = url
        self._sender = sender
        self._exporter = Exporter(sender, FORMAT, settings.max_request_bytes)
        self._resource = {"service.name": settings.service_name}

    def wants(self, event: GatewayEvent) -> bool:
        return is_sampled(trace_id_of(event.id, event.trace_parent), self._settings.sample_rate)

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        try:
            receiver = await asyncio.to_thread(self._receiver)
        except MissingSecretError as error:
            return [Retry(str(error))] * len(deliveries)
        results: list[Delivered] = [Rejected("it is no request, so it has no spans")] * len(deliveries)
        events = {number: one.event for number, one in enumerate(deliveries) if one.event is not None}
        parcels = await asyncio.to_thread(
            lambda: [self._parcel(event, deliveries[number].content) for number, event in events.items()]
        )
        for number, result in zip(events, await self._exporter.send(receiver, parcels), strict=True):
            results[number] = result
        return results

    async def close(self) -> None:
        await self._sender.close()

    def _receiver(self) -> Receiver:
        """Headers are read each time: a key that changed is used at once."""
        return Receiver(
            self.name, self._url, {name: reference.reveal() for name, reference in self._settings.headers.items()}
        )

    def _parcel(self, event: GatewayEvent, content: Content) -> Parcel:
        kept = content if self.needs_content else NO_CONTENT
        has_content = kept.input is not None or kept.output is not None
        return Parcel(self._encoded(event, kept), partial(self._encoded, event, NO_CONTENT) if has_content else None)

    def _encoded(self, event: GatewayEvent, content: Content) -> bytes:
        spans = [(span, attributes_of(span, event, content)) for span in spans_of(event, passes=False)]
        return encode(self._resource, attributes_of_trace(event), spans)
