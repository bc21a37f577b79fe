"""``/api/v1/alert-channels``: where alerts can be sent, and a trial of it. No address and no secret is told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from callbacks.alerts.api.author import author_of
from callbacks.alerts.service import service
from callbacks.alerts.trial import send_trial
from inferspect.http.tenant_access import Caller, administered_or_all
from inferspect.refusal import Refusal

router = APIRouter(tags=["alerts"])

PATH = "/api/v1/alert-channels"


@router.get(PATH)
async def list_channels(caller: Caller, tenant_id: str | None = None) -> dict[str, Any]:
    """All channels for the platform administrator, those that are open to a tenant for the tenant's.

    Raises:
        Refusal: 403 ``not_tenant_admin``, 404 ``tenant_not_found``.
    """
    tenant = await administered_or_all(caller, tenant_id)
    settings = service().settings
    shown = [
        {
            "name": name,
            "type": channel.type,
            "min_severity": channel.min_severity,
            "default": name in settings.default_channels,
        }
        for name, channel in settings.channels.items()
        if tenant is None or settings.is_open_to(name, tenant)
    ]
    return {"channels": shown}


@router.post(f"{PATH}/{{name}}/test")
async def try_channel(
    name: str,
    caller: Caller,
    tenant_id: str | None = None,
    seconds: Annotated[float, Query(gt=0, le=60)] = 15,
) -> dict[str, Any]:
    """Send a trial and tell what became of it within ``seconds``.

    Raises:
        Refusal: as :func:`list_channels`, and 404 ``alert_channel_not_found``.
    """
    tenant = await administered_or_all(caller, tenant_id)
    here = service()
    if name not in here.settings.channels or not (tenant is None or here.settings.is_open_to(name, tenant)):
        raise Refusal(404, "alert_channel_not_found", "There is no channel of this name.", "name")
    return asdict(await send_trial(here.engine, here.outbox, name, author_of(caller), seconds))
