"""``/api/v1/alert-rules``: rules of the platform for its administrators, of a tenant for the tenant's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Body

from callbacks.alerts.api.author import author_of
from callbacks.alerts.rules import InvalidRuleError
from callbacks.alerts.service import ReadOnlyRuleError, RuleExistsError, TooManyRulesError, service
from inferspect.http.tenant_access import Caller, administered_or_all
from inferspect.refusal import Refusal
from inferspect.store.alerts.tables import PLATFORM

router = APIRouter(tags=["alerts"])

PATH = "/api/v1/alert-rules"
_evaluating = asyncio.Semaphore(1)
Content = Annotated[
    dict[str, Any], Body(description="A rule, as below `inferspect.alerts.rules` of the configuration.")
]


@router.get(PATH)
async def list_rules(caller: Caller, tenant_id: str | None = None) -> dict[str, Any]:
    """Rules of a tenant; all of them where the platform administrator names none.

    Raises:
        Refusal: 403 ``not_tenant_admin``, 404 ``tenant_not_found``.
    """
    return {"rules": await service().rules(await administered_or_all(caller, tenant_id))}


@router.post(f"{PATH}/evaluate")
async def evaluate_rules(caller: Caller, tenant_id: str | None = None) -> dict[str, Any]:
    """The figures of the rules as they are now; no alert begins or ends by it.

    Raises:
        Refusal: as :func:`list_rules`.
    """
    owner = await administered_or_all(caller, tenant_id)
    async with _evaluating:  # queries that read much: one caller at a time leaves connections to all others
        return {"rules": await service().evaluate(owner)}


@router.get(f"{PATH}/{{name}}")
async def read_rule(name: str, caller: Caller, tenant_id: str | None = None) -> dict[str, Any]:
    """One rule.

    Raises:
        Refusal: as :func:`list_rules`, and 404 ``alert_rule_not_found``.
    """
    rule = await service().rule(await _owner(caller, tenant_id), name)
    if rule is None:
        raise _not_found()
    return rule


@router.post(PATH, status_code=201)
async def make_rule(caller: Caller, content: Content, tenant_id: str | None = None) -> dict[str, Any]:
    """Make a rule of the platform, or of the tenant.

    Raises:
        Refusal: as :func:`list_rules`, and 400 ``alert_rule_invalid``, 409 ``alert_rule_exists``,
            ``alert_rules_too_many``.
    """
    owner = await _owner(caller, tenant_id)
    with _refused():
        return await service().add_rule(owner, content, author_of(caller))


@router.put(f"{PATH}/{{name}}")
async def replace_rule(name: str, caller: Caller, content: Content, tenant_id: str | None = None) -> dict[str, Any]:
    """Replace a rule as a whole; its alerts go on.

    Raises:
        Refusal: as :func:`make_rule`, and 404 ``alert_rule_not_found``, 409 ``alert_rule_read_only``.
    """
    owner = await _owner(caller, tenant_id)
    with _refused():
        changed = await service().change_rule(owner, name, content, author_of(caller))
    if changed is None:
        raise _not_found()
    return changed


@router.delete(f"{PATH}/{{name}}")
async def remove_rule(name: str, caller: Caller, tenant_id: str | None = None) -> dict[str, Any]:
    """Remove a rule; its alerts end.

    Raises:
        Refusal: as :func:`list_rules`, and 404 ``alert_rule_not_found``, 409 ``alert_rule_read_only``.
    """
    owner = await _owner(caller, tenant_id)
    with _refused():
        removed = await service().drop_rule(owner, name)
    if not removed:
        raise _not_found()
    return {"name": name, "removed": True}


async def _owner(caller: Caller, tenant_id: str | None) -> str:
    return await administered_or_all(caller, tenant_id) or PLATFORM


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except InvalidRuleError as error:
        raise Refusal(400, "alert_rule_invalid", f"The rule is invalid: {error}.") from None
    except RuleExistsError:
        raise Refusal(409, "alert_rule_exists", "There is a rule of this name; replace it with PUT.", "name") from None
    except TooManyRulesError:
        message = "The tenant has as many alert rules as it may have (`alerts.max_tenant_rules`)."
        raise Refusal(409, "alert_rules_too_many", message) from None
    except ReadOnlyRuleError:
        message = "The rule is of the configuration; change it there (`inferspect.alerts.rules`)."
        raise Refusal(409, "alert_rule_read_only", message, "name") from None


def _not_found() -> Refusal:
    return Refusal(404, "alert_rule_not_found", "There is no alert rule of this name.", "name")
