"""The record of one request, as it lies in the spool and in ``inferspect.events``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import orjson

from inferspect.context import Trace
from inferspect.events.content import storable
from inferspect.events.withheld import is_machine_made, without, without_parts

if TYPE_CHECKING:
    from inferspect.context import Attempt, RequestContext, Verdict

Result = Literal["success", "cached", "blocked", "failure", "aborted", "unknown"]

VERSION = 1
NUL_ESCAPE = b"\\u0000"

# What a client or a provider wrote.
FROM_OUTSIDE = (
    "route", "client_request_id", "end_user", "model", "model_served", "provider", "deployment_id", "finish_reason",
    "code", "error_class", "session_id", "trace_name", "release", "environment", "prompt_name",
)  # fmt: skip


class NewerEventError(ValueError):
    """A newer version of InferSpect wrote the event: it is kept until a program reads it that can."""


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """One request and what became of it. Holds no content and no key, only the hash of the key.

    Attributes:
        id: request id, a UUID; the same event shipped twice is one row.
        revision: grows with each change, so a late copy never overwrites a newer one.
        complete: whether LiteLLM has reported cost and tokens, or never will.
        result: ``blocked`` is a refusal by a rule or guardrail, ``aborted`` that the client left, ``failure`` any other
            answer of 400 or above; ``unknown`` as long as a provider was called and nothing is known of the end.
        status: HTTP status sent to the client, 0 where none was.
        code: stable reason of a refusal or failure.
        cost: US dollars, ``None`` where unknown.
        seconds_to_response: until the first byte left; ``seconds_total``: until the last.
        verdicts: what each guardrail decided, by direction, with counts.
        usage: tokens by kind, as ``cost_details`` are US dollars: see :class:`inferspect.context.Outcome`.
        parameters: the model's, such as temperature.
        attempts: calls of deployments: see :class:`inferspect.context.Attempt`.
        seconds_to_first_token: of a stream, after the request came.
        trace_parent: W3C ``traceparent`` of the caller.
        content_hash: SHA-256 in hexadecimal digits of what was asked, as it is kept.
        version: of this class's fields; an older program does not read a newer event.
    """

    id: str
    revision: int
    complete: bool
    occurred_at: datetime
    tenant_id: str | None
    tenant_alias: str | None
    key_hash: str | None
    key_alias: str | None
    user_id: str | None
    end_user: str | None
    client_address: str
    client_request_id: str | None
    method: str
    route: str
    call_type: str | None
    model: str | None
    model_served: str | None
    provider: str | None
    deployment_id: str | None
    stream: bool
    result: Result
    status: int
    code: str | None
    error_class: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    cost: float | None
    finish_reason: str | None
    seconds_to_response: float | None
    seconds_total: float | None
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, int] = field(default_factory=dict)
    cost_details: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    seconds_to_first_token: float | None = None
    trace_parent: str | None = None
    session_id: str | None = None
    trace_name: str | None = None
    tags: list[str] = field(default_factory=list)
    release: str | None = None
    environment: str | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None
    content_hash: str | None = None
    version: int = VERSION

    def to_json(self) -> bytes:
        """The event as it lies in the spool, without what neither UTF-8 nor PostgreSQL can hold.

        Parameters and attempts have what clients wrote; one such event would be in no store and no audit log.
        """
        try:
            text = orjson.dumps(self)
        except TypeError:
            text = orjson.dumps({**storable(asdict(self)), "occurred_at": self.occurred_at})
        return text.replace(NUL_ESCAPE, b"\\ufffd")

    @classmethod
    def from_json(cls, text: bytes) -> GatewayEvent:
        """Read what :meth:`to_json` wrote, also in an earlier version.

        Raises:
            NewerEventError: a newer version wrote it.
            ValueError, TypeError, KeyError: it is no event.
        """
        values = orjson.loads(text)
        if values.get("version", 0) > VERSION:
            raise NewerEventError(f"the event is of version {values['version']}, this program knows {VERSION}")
        values["occurred_at"] = datetime.fromisoformat(values["occurred_at"])
        return cls(**values)

    def to_row(self) -> dict[str, Any]:
        """Values by column of ``inferspect.events``."""
        return asdict(self)


def event_of(context: RequestContext, revision: int, *, complete: bool) -> GatewayEvent:
    """The event of a request as far as it is known now."""
    tenant, outcome, refusal = context.tenant, context.outcome, context.refusal
    checked, own_id = context.identifiers_checked, context.client_request_id
    trace = context.trace if checked else Trace()
    status = context.status or 0
    event = GatewayEvent(
        id=context.request_id,
        revision=revision,
        complete=complete,
        occurred_at=context.received_at,
        tenant_id=tenant.id if tenant else context.team_id,
        tenant_alias=tenant.alias if tenant else context.team_alias,
        key_hash=context.key_hash,
        key_alias=context.key_alias,
        user_id=context.user_id,
        end_user=context.end_user if checked else None,
        client_address=context.client_address,
        client_request_id=own_id if checked or is_machine_made(own_id) else None,
        method=context.method,
        route=context.route if checked else without_parts(context.route),
        call_type=context.call_type,
        model=context.model if checked else None,
        model_served=outcome.model,
        provider=outcome.provider,
        deployment_id=outcome.deployment_id,
        stream=context.stream,
        result=_result(context, status),
        status=status,
        code=refusal.code if refusal else context.error_code,
        error_class=outcome.error_class,
        prompt_tokens=outcome.prompt_tokens,
        completion_tokens=outcome.completion_tokens,
        total_tokens=outcome.total_tokens,
        cost=outcome.cost,
        finish_reason=None if context.aborted else outcome.finish_reason,  # LiteLLM makes up one
        seconds_to_response=context.seconds_to_response,
        seconds_total=context.seconds_total,
        verdicts=[_members(verdict) for verdict in context.verdicts],
        usage=outcome.usage,
        cost_details=outcome.cost_details,
        parameters=context.parameters,
        attempts=[_members(attempt) for attempt in context.attempts],
        seconds_to_first_token=outcome.seconds_to_first_token,
        trace_parent=context.trace.parent,
        session_id=trace.session_id,
        trace_name=trace.name,
        tags=[_storable(tag) for tag in trace.tags],
        release=trace.release,
        environment=trace.environment,
        prompt_name=trace.prompt_name,
        prompt_version=trace.prompt_version,
        content_hash=context.content_hash,
    )
    if context.withheld:
        event = GatewayEvent(**without(context.withheld, event.to_row()))
    texts = {name: getattr(event, name) for name in FROM_OUTSIDE}
    changed: dict[str, Any] = {
        name: stored for name, text in texts.items() if text and (stored := _storable(text)) != text
    }
    return replace(event, **changed) if changed else event


def _members(record: Verdict | Attempt) -> dict[str, Any]:
    """Values by name. ``asdict``, which looks into each of them, takes many times as long, on each request's way."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _storable(text: str) -> str:
    """Without what neither PostgreSQL nor UTF-8 can hold: one such event would keep all later ones from the store."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _result(context: RequestContext, status: int) -> Result:
    if context.refusal is not None:
        return "blocked"
    if context.aborted:
        return "aborted"
    if context.status is None and not context.stream_failed:
        return "unknown"
    if status >= 400 or context.stream_failed:  # noqa: PLR2004  HTTP's boundary of errors
        return "failure"
    return "cached" if context.outcome.cache_hit else "success"
