"""Tenants: who a request belongs to, and the rules that hold for it."""

from inferspect.tenancy.rules import TenantRules
from inferspect.tenancy.tenant import InvalidRules, Tenant, TenantDirectory, parse_rules

__all__ = ["InvalidRules", "Tenant", "TenantDirectory", "TenantRules", "parse_rules"]
