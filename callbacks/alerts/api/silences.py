"""``/api/v1/alert-silences``: what keeps alerts from being told for a time."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Body
from pydantic import AwareDatetime, Field, ValidationError, model_validator

from callbacks.alerts.api.author import author_of
from callbacks.alerts.service import service
from inferspect.http.tenant_access import Caller, administered_or_all
from inferspect.observation.alert_rules import Label, LabelName
from inferspect.observation.durations import LONGEST, PositiveDuration
from inferspect.refusal import Refusal
from inferspect.section import Section
from inferspect.store.alerts import silences as store
from inferspect.store.alerts.alerts import database_time
from inferspect.store.alerts.tables import PLATFORM

router = APIRouter(tags=["alerts"])

PATH = "/api/v1/alert-silences"
Content = Annotated[dict[str, Any], Body(description="What is to be quiet, and until when.")]


class SilenceRequest(Section):
    """What is to be quiet, and until when; an alert is quiet that has all of what is named."""

    rule: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    severity: Literal["info", "warning", "critical"] | None = None
    labels: Annotated[dict[LabelName, Label], Field(max_length=20)] = Field(default={})
    tenant_id: Label | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    duration: PositiveDuration | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.ends_at is None) == (self.duration is None):
            raise ValueError("give either ends_at or duration")
        if not (self.rule or self.severity or self.labels or self.tenant_id):
            raise ValueError("name what is to be quiet: a rule (`*` for all), a severity, labels or a tenant")
        return self

    def times(self, now: datetime) -> tuple[datetime, datetime]:
        """From when to when.

        Raises:
            ValueError: it would be over before it begins, or last for ever.
        """
        begin = max(self.starts_at or now, now)
        if begin - now > LONGEST:
            raise ValueError("starts_at: is more than a year away")
        end = self.ends_at or begin + (self.duration or timedelta(0))
        if end <= begin:
            raise ValueError("ends_at: is not after its beginning, or past")
        if end - begin > LONGEST:
            raise ValueError("ends_at: is more than a year away")
        return begin, end


@router.get(PATH)
async def list_silences(caller: Caller, tenant_id: str | None = None, ended: bool = False) -> dict[str, Any]:
    """Silences of a tenant's administrators; all where the platform administrator names no tenant.

    Raises:
        Refusal: 403 ``not_tenant_admin``, 404 ``tenant_not_found``.
    """
    owner = await administered_or_all(caller, tenant_id)
    async with service().engine.connect() as connection:
        found = await store.silences(connection, owner, ended=ended)
    return {"silences": [_json(silence) for silence in found]}


@router.post(PATH, status_code=201)
async def make_silence(caller: Caller, content: Content, tenant_id: str | None = None) -> dict[str, Any]:
    """Silence alerts; a tenant's administrators those of the tenant's own rules.

    Raises:
        Refusal: as :func:`list_silences`, and 400 ``alert_silence_invalid``, 409 ``alert_silences_too_many``.
    """
    owner = await administered_or_all(caller, tenant_id) or PLATFORM
    async with service().engine.begin() as connection:
        try:
            request = SilenceRequest.model_validate(content)
            begin, end = request.times(await database_time(connection))
        except ValidationError as error:
            told = "; ".join(_problem(detail) for detail in error.errors())
            raise Refusal(400, "alert_silence_invalid", f"The silence is invalid: {told}.") from None
        except ValueError as error:
            raise Refusal(400, "alert_silence_invalid", f"The silence is invalid: {error}.", "ends_at") from None
        silence = store.Silence(
            id=store.new_id(),
            owner=owner,
            starts_at=begin,
            ends_at=end,
            reason=request.reason,
            author=author_of(caller),
            rule=request.rule,
            tenant_id=owner or request.tenant_id,
            severity=request.severity,
            labels=request.labels,
        )
        if not await store.add_silence(connection, silence):
            message = f"The tenant has {store.MOST_OF_A_TENANT} silences that have not ended; end some."
            raise Refusal(409, "alert_silences_too_many", message)
    return _json(silence)


@router.delete(f"{PATH}/{{silence_id}}")
async def end_silence(silence_id: str, caller: Caller, tenant_id: str | None = None) -> dict[str, Any]:
    """End a silence now.

    Raises:
        Refusal: as :func:`list_silences`, and 404 ``alert_silence_not_found``.
    """
    owner = await administered_or_all(caller, tenant_id)
    ended = False
    if _is_uuid(silence_id):
        async with service().engine.begin() as connection:
            ended = await store.end_silence(connection, silence_id, owner)
    if not ended:
        raise Refusal(404, "alert_silence_not_found", "There is no such silence, or it has ended.", "silence_id")
    return {"id": silence_id, "ended": True}


def _json(silence: store.Silence) -> dict[str, Any]:
    return {
        "id": silence.id,
        "rule": silence.rule,
        "tenant_id": silence.tenant_id,
        "severity": silence.severity,
        "labels": dict(silence.labels),
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "reason": silence.reason,
        "author": silence.author,
        "made_for": silence.owner or None,
    }


def _problem(detail: Any) -> str:
    path = ".".join(map(str, detail["loc"]))
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}" if path else message


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
