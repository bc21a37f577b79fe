"""The consumer ``langfuse``: a trace of every request, in the project of its tenant.

It sends over Langfuse's OTLP endpoint itself: the SDK's exporter forgets what does not fit into its queue and what a
server refuses, and never tells what became of a span.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog

from callbacks.langfuse_tracing.attributes import attributes_of, attributes_of_trace
from callbacks.langfuse_tracing.sending import FoundProjects, side_by_side
from inferspect.events.delivery import DONE, Content, Delivered, Delivery, Rejected, Retry
from inferspect.events.score import TRACES
from inferspect.spans.builder import spans_of
from inferspect.spans.export import Exporter, Parcel, Receiver
from inferspect.spans.ids import is_sampled, trace_id_of
from inferspect.spans.otlp import encode
from inferspect.spans.otlp_http import FORMAT
from inferspect.tenancy.langfuse_projects import ProjectError

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent
    from inferspect.observation.langfuse import LangfuseSettings, Project
    from inferspect.spans.export import Sender
    from inferspect.spans.sessions import SessionTraces
    from inferspect.tenancy.langfuse_projects import Projects
    from inferspect.tenancy.langfuse_rules import LangfuseRules
    from inferspect.tenancy.lookup import TenantLookup

log = structlog.get_logger("inferspect.langfuse")

PATH = "/api/public/otel/v1/traces"
INGESTION = {"x-langfuse-ingestion-version": "4"}  # spans are seen at once, and each says what its trace is
RESOURCE = {"service.name": "inferspect"}
NO_CONTENT = Content()


class TraceConsumer:
    """Sends traces; idempotent, as ids of traces and spans follow from the request."""

    name = TRACES
    needs_content = True

    def __init__(
        self,
        settings: LangfuseSettings,
        projects: Projects,
        tenants: TenantLookup,
        sender: Sender,
        sessions: SessionTraces | None = None,
    ) -> None:
        self.batch = settings.batch
        self._settings = settings
        self._projects = projects
        self._tenants = tenants
        self._sender = sender
        self._sessions = sessions
        self._exporter = Exporter(sender, FORMAT, settings.max_request_bytes)
        self._reasons: dict[str | None, str] = {}  # why tenants have no project

    def wants(self, event: GatewayEvent) -> bool:
        rules = self._tenants.known(event.tenant_id).observation.langfuse
        if not self._projects.is_traced(rules):
            return False
        rate = self._settings.sample_rate if rules.sample_rate is None else rules.sample_rate
        return is_sampled(self._trace_id(event), rate)

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        """A request for each project, side by side; one that is away is left alone, so it holds up no other."""
        results: list[Delivered] = [DONE] * len(deliveries)
        by_project: dict[Project, list[int]] = {}
        rules_of: dict[int, LangfuseRules] = {}
        found = FoundProjects(self._projects, self._tenants)
        for number, delivery in enumerate(deliveries):
            if delivery.event is None:
                results[number] = Rejected("it is no request, so it has no trace")
                continue
            try:
                rules, project = await found.of(delivery.tenant_id)
            except ProjectError as error:
                results[number] = self._without_project(delivery.tenant_id, str(error))
                continue
            self._reasons.pop(delivery.tenant_id, None)
            if project is not None:
                by_project.setdefault(project, []).append(number)
                rules_of[number] = rules
        parcels = await asyncio.to_thread(
            lambda: {number: self._parcel(deliveries[number], rules) for number, rules in rules_of.items()}
        )

        async def send(project: Project, numbers: list[int]) -> None:
            headers = {**project.headers(), **INGESTION}
            receiver = Receiver(self.name, project.host + PATH, headers, project.tenant_id)
            sent = await self._exporter.send(receiver, [parcels[number] for number in numbers])
            for number, result in zip(numbers, sent, strict=True):
                results[number] = result

        failed = await side_by_side({project: send(project, numbers) for project, numbers in by_project.items()})
        for project, failure in failed.items():
            for number in by_project[project]:
                results[number] = failure
        return results

    async def close(self) -> None:
        await self._sender.close()

    def _without_project(self, tenant_id: str | None, reason: str) -> Retry:
        """Its administrator may correct the rules; logged when it begins, or is for another reason."""
        if self._reasons.get(tenant_id) != reason:
            log.warning("traces of a tenant wait: it has no project", tenant_id=tenant_id, why=reason)
        self._reasons[tenant_id] = reason
        return Retry(reason)

    def _parcel(self, delivery: Delivery, rules: LangfuseRules) -> Parcel:
        event = delivery.event
        if event is None:
            raise TypeError("a delivery without an event has no trace")
        keeps = self._settings.content == "redacted" and rules.content == "redacted"
        content = delivery.content if keeps else NO_CONTENT
        body = self._encoded(event, content, rules)
        has_content = content.input is not None or content.output is not None
        return Parcel(body, partial(self._encoded, event, NO_CONTENT, rules) if has_content else None)

    def _encoded(self, event: GatewayEvent, content: Content, rules: LangfuseRules) -> bytes:
        settings = self._settings
        spans = spans_of(event, sessions=self._sessions, passes=settings.guardrail_spans == "all")
        of_caller = event.trace_parent is not None and settings.callers_traces == "langfuse"
        environment = rules.environment or settings.environment
        return encode(
            RESOURCE,
            attributes_of_trace(event, environment, settings.release, of_caller=of_caller),
            [(span, attributes_of(span, event, content, of_caller=of_caller)) for span in spans],
        )

    def _trace_id(self, event: GatewayEvent) -> bytes:
        session = (event.tenant_id, event.session_id)
        return trace_id_of(event.id, event.trace_parent, session=session, sessions=self._sessions)
