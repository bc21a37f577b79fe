"""Joins the observers of a process."""

from __future__ import annotations

from callbacks.langfuse_tracing.projects import Projects
from callbacks.langfuse_tracing.scores import ScoreConsumer
from callbacks.langfuse_tracing.traces import TraceConsumer
from inferspect.extension import Observer
from inferspect.spans.export import Sender


async def start(observer: Observer) -> None:
    """Consume events and scores; where nothing is configured, the consumers want none."""
    settings, rules = observer.settings.langfuse, observer.settings.default_rules.observation.langfuse
    projects = Projects(settings, rules)
    for consumer in (TraceConsumer, ScoreConsumer):
        observer.consumers.add(consumer(settings, projects, observer.tenants, Sender(settings.timeout)))
