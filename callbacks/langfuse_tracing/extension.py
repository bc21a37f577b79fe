"""Joins the observers of a process."""

from __future__ import annotations

from callbacks.langfuse_tracing.scores import ScoreConsumer
from callbacks.langfuse_tracing.traces import TraceConsumer
from inferspect.extension import Observer
from inferspect.spans.export import Sender
from inferspect.spans.sessions import session_traces
from inferspect.tenancy.langfuse_projects import Projects


async def start(observer: Observer) -> None:
    """Consume events and scores; where nothing is configured, the consumers want none.

    Raises:
        ValueError: traces are by session and there is no salt key; the process does not start.
    """
    settings, rules = observer.settings.langfuse, observer.settings.default_rules.observation.langfuse
    projects, sessions = Projects(settings, rules), session_traces(settings, observer.launch)
    for consumer in (TraceConsumer, ScoreConsumer):
        observer.consumers.add(consumer(settings, projects, observer.tenants, Sender(settings.timeout), sessions))
