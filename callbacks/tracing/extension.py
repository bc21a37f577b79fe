"""Joins the observers of a process."""

from __future__ import annotations

from callbacks.tracing.traces import SpanConsumer
from inferspect.extension import Observer
from inferspect.spans.export import Sender


async def start(observer: Observer) -> None:
    """Consume events where a collector is named."""
    settings = observer.settings.tracing
    if settings.url is not None:
        observer.consumers.add(SpanConsumer(settings, settings.url, Sender(settings.timeout)))
