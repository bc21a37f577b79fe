"""Tenants: who a request belongs to, and the rules that hold for it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inferspect.tenancy.rules import TenantRules

if TYPE_CHECKING:
    from inferspect.tenancy.tenant import InvalidRules, Tenant, TenantDirectory, parse_rules

__all__ = ["InvalidRules", "Tenant", "TenantDirectory", "TenantRules", "parse_rules"]


def __getattr__(name: str) -> Any:
    """Refusals are FastAPI's, which takes most of a second to import: commands read rules and refuse nobody."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("inferspect.tenancy.tenant"), name)
