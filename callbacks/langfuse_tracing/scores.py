"""The consumer ``langfuse-scores``: scores join the traces of their requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx
import orjson

from callbacks.langfuse_tracing.sending import FoundProjects, side_by_side
from inferspect.events.delivery import DONE, Delivered, Delivery, Rejected, Retry
from inferspect.events.score import CONSUMER, ScoreMessage
from inferspect.spans.answers import LONGEST_REASON, Refused
from inferspect.spans.builder import root_span_id
from inferspect.spans.export import Exporter, Format, Parcel, Receiver
from inferspect.spans.ids import trace_id_of
from inferspect.tenancy.langfuse_projects import ProjectError

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent
    from inferspect.observation.langfuse import LangfuseSettings, Project
    from inferspect.spans.export import Sender
    from inferspect.spans.sessions import SessionTraces
    from inferspect.tenancy.langfuse_projects import Projects
    from inferspect.tenancy.lookup import TenantLookup

PATH = "/api/public/scores"
MAX_BYTES = 1_000_000  # of a body that Langfuse takes
PARTLY = 207


def _pack(bodies: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


def _refused(response: httpx.Response) -> Refused | None:
    """Langfuse tells how many it refused and why, but not which."""
    if response.status_code != PARTLY:
        return None
    try:
        reasons = [str(error["message"]) for error in orjson.loads(response.content)["errors"]]
    except (ValueError, TypeError, KeyError):
        reasons = []
    return Refused(f"Langfuse refuses the score: {'; '.join(reasons)[:LONGEST_REASON] or 'without a reason'}")


FORMAT = Format(_pack, {"content-type": "application/json"}, _refused)


def combined(one: Delivered, other: Delivered) -> Delivered:
    """What became of a message of two scores: it comes again for one that may still arrive, whatever became of others.

    Done when both are.
    """
    for kind in (Retry, Rejected):
        for result in (one, other):
            if isinstance(result, kind):
                return result
    return one


class ScoreConsumer:
    """Sends scores; idempotent, as their ids and times follow from the request and the score's name."""

    name = CONSUMER
    needs_content = False

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
        self._exporter = Exporter(sender, FORMAT, MAX_BYTES)

    def wants(self, event: GatewayEvent) -> bool:
        """Scores are posted; events of requests are none."""
        del event
        return False

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        results: list[Delivered] = [DONE] * len(deliveries)
        by_project: dict[Project, list[tuple[int, Parcel]]] = {}
        found = FoundProjects(self._projects, self._tenants)
        for number, delivery in enumerate(deliveries):
            try:
                message = ScoreMessage.from_message(delivery.message)
            except (ValueError, TypeError, KeyError) as error:
                results[number] = Rejected(f"it is no message of scores ({type(error).__name__})")
                continue
            try:
                rules, project = await found.of(message.tenant_id)
            except ProjectError as error:
                results[number] = Retry(str(error))
                continue
            if project is not None:
                environment = message.environment or rules.environment or self._settings.environment
                parcels = self._parcels(message, environment)
                by_project.setdefault(project, []).extend((number, parcel) for parcel in parcels)
        failed = await side_by_side(
            {project: self._send(project, parcels, results) for project, parcels in by_project.items()}
        )
        for project, failure in failed.items():
            for number, _ in by_project[project]:
                results[number] = failure
        return results

    async def close(self) -> None:
        await self._sender.close()

    async def _send(self, project: Project, parcels: list[tuple[int, Parcel]], results: list[Delivered]) -> None:
        receiver = Receiver(self.name, project.host + PATH, project.headers(), project.tenant_id)
        sent = await self._exporter.send(receiver, [parcel for _, parcel in parcels])
        for (number, _), result in zip(parcels, sent, strict=True):
            results[number] = combined(results[number], result)

    def _parcels(self, message: ScoreMessage, environment: str | None) -> list[Parcel]:
        trace_id = trace_id_of(
            message.event_id,
            message.trace_parent,
            session=(message.tenant_id, message.session_id),
            sessions=self._sessions,
        )
        is_shared = trace_id != trace_id_of(message.event_id)  # with other requests
        of_all = {
            "timestamp": message.occurred_at.isoformat(),
            "traceId": trace_id.hex(),
            "observationId": root_span_id(message.event_id).hex() if is_shared else None,
            "environment": environment,
        }
        parcels = []
        for id_, score in zip(message.score_ids(), message.scores, strict=True):
            body = {
                "id": id_,
                **of_all,
                "name": score.name,
                "value": score.value,
                "dataType": score.data_type,
                "comment": score.comment,
            }
            parcels.append(Parcel(orjson.dumps({name: value for name, value in body.items() if value is not None})))
        return parcels
