"""The endpoints of Langfuse's public API that list scores: version 3, and version 2 of servers before 3.179.

Source: Langfuse's published OpenAPI description, and the types that its SDK 5 generates from it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from inferspect.testing.faults import Fault
from inferspect.testing.http_double import json_reply
from inferspect.testing.langfuse.project import Project
from inferspect.testing.langfuse.records import Score
from inferspect.testing.upstream.exchange import Reply, Request

V3, V2 = "/api/public/v3/scores", "/api/public/v2/scores"
GROUPS = frozenset({"details", "subject", "annotation"})
COMPARED = {
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _groups(fields: str) -> str:
    unknown = {name.strip() for name in fields.split(",") if name.strip()} - GROUPS
    if unknown:
        raise ValueError(f"there are {', '.join(sorted(GROUPS))}, not {', '.join(sorted(unknown))}")
    return fields


class Query(BaseModel):
    """What both versions filter by; of names, sources and the like there may be several, with commas between them."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    name: str | None = None
    source: str | None = None
    data_type: str | None = None
    environment: str | None = None
    trace_id: str | None = None
    session_id: str | None = None
    observation_id: str | None = None
    from_timestamp: AwareDatetime | None = None
    to_timestamp: AwareDatetime | None = None

    def fits(self, score: Score) -> bool:
        pairs = (
            (self.name, score.name),
            (self.source and self.source.upper(), score.source),
            (self.data_type and self.data_type.upper(), score.data_type),
            (self.environment, score.environment),
            (self.trace_id, score.trace_id),
            (self.session_id, score.session_id),
            (self.observation_id, score.observation_id),
        )
        return (
            all(wanted is None or value in wanted.split(",") for wanted, value in pairs)
            and (self.from_timestamp is None or score.timestamp >= self.from_timestamp)
            and (self.to_timestamp is None or score.timestamp < self.to_timestamp)
        )


class QueryV3(Query):
    """As version 3 takes it."""

    cursor: str | None = None
    fields: Annotated[str, AfterValidator(_groups)] = ""
    value_min: float | None = None
    value_max: float | None = None

    @model_validator(mode="after")
    def _bounds_are_of_numbers(self) -> Self:
        if (self.value_min is not None or self.value_max is not None) and self.data_type != "NUMERIC":
            raise ValueError("valueMin and valueMax need dataType=NUMERIC")
        if self.observation_id is not None and self.trace_id is None:
            raise ValueError("observationId needs traceId")
        return self

    def fits(self, score: Score) -> bool:
        if not super().fits(score):
            return False
        value = score.value
        return not isinstance(value, int | float) or (
            (self.value_min is None or value >= self.value_min) and (self.value_max is None or value <= self.value_max)
        )


class QueryV2(Query):
    """As version 2 takes it."""

    page: Annotated[int, Field(ge=1)] = 1
    operator: Literal["=", "!=", "<", "<=", ">", ">="] | None = None
    value: float | None = None

    def fits(self, score: Score) -> bool:
        if not super().fits(score):
            return False
        if self.operator is None or self.value is None:
            return True
        return isinstance(score.value, int | float) and bool(COMPARED[self.operator](score.value, self.value))


def list_scores(project: Project, request: Request, _fault: Fault) -> Reply:
    """``GET /api/public/v3/scores``: the newest first, with a cursor where there are more."""
    try:
        query = QueryV3.model_validate(_told(request))
        begin = 0 if query.cursor is None else int(base64.urlsafe_b64decode(query.cursor))
    except (ValueError, binascii.Error) as error:
        return _refused(error)
    found = _found(project, query)
    groups = {name.strip() for name in query.fields.split(",")}
    end = begin + query.limit
    meta: dict[str, Any] = {"limit": query.limit}
    if end < len(found):
        meta["cursor"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return json_reply({"data": [_entry_v3(score, project, groups) for score in found[begin:end]], "meta": meta})


def list_scores_v2(project: Project, request: Request, _fault: Fault) -> Reply:
    """``GET /api/public/v2/scores``: the newest first, by pages."""
    try:
        query = QueryV2.model_validate(_told(request))
    except ValueError as error:
        return _refused(error)
    found = _found(project, query)
    begin = (query.page - 1) * query.limit
    meta = {
        "page": query.page,
        "limit": query.limit,
        "totalItems": len(found),
        "totalPages": -(-len(found) // query.limit),
    }
    return json_reply({"data": list(map(_entry_v2, found[begin : begin + query.limit])), "meta": meta})


def _told(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.target.partition("?")[2]).items()}


def _found(project: Project, query: Query) -> list[Score]:
    return sorted(filter(query.fits, project.scores()), key=lambda score: (score.timestamp, score.id), reverse=True)


def _refused(error: Exception) -> Reply:
    reason = "; ".join(_reasons(error))
    return json_reply({"message": "Invalid request data", "error": reason}, HTTPStatus.BAD_REQUEST)


def _reasons(error: Exception) -> Iterator[str]:
    if isinstance(error, ValidationError):
        yield from (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    else:
        yield "cursor: it is none of ours"


def _entry_v3(score: Score, project: Project, groups: set[str]) -> dict[str, Any]:
    entry = _core(score)
    entry["projectId"] = f"project-{project.public_key}"
    entry["value"] = bool(score.value) if score.data_type == "BOOLEAN" else score.value
    if "details" in groups:
        entry |= {"comment": score.comment, "configId": score.config_id, "metadata": score.metadata or {}}
    if "subject" in groups:
        entry["subject"] = _subject(score)
    if "annotation" in groups:
        entry |= {"authorUserId": None, "queueId": None}
    return entry


def _entry_v2(score: Score) -> dict[str, Any]:
    is_text = isinstance(score.value, str)
    return {
        **_core(score),
        "value": 0 if is_text else score.value,
        "stringValue": score.value if is_text else None,
        "traceId": score.trace_id,
        "observationId": score.observation_id,
        "sessionId": score.session_id,
        "datasetRunId": score.dataset_run_id,
        "comment": score.comment,
        "metadata": score.metadata or {},
        "configId": score.config_id,
    }


def _core(score: Score) -> dict[str, Any]:
    moment = _written(score.timestamp)
    return {
        "id": score.id,
        "name": score.name,
        "dataType": score.data_type,
        "source": score.source,
        "timestamp": moment,
        "environment": score.environment,
        "createdAt": moment,
        "updatedAt": moment,
    }


def _subject(score: Score) -> Mapping[str, Any]:
    if score.observation_id is not None:
        return {"kind": "observation", "id": score.observation_id, "traceId": score.trace_id}
    pairs = (("trace", score.trace_id), ("session", score.session_id), ("experiment", score.dataset_run_id))
    return next({"kind": kind, "id": id_} for kind, id_ in pairs if id_ is not None)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
