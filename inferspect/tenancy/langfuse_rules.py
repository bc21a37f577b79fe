"""Where and how a tenant's requests are traced in Langfuse."""

from __future__ import annotations

from inferspect.tenancy.rule_types import Rules


class LangfuseRules(Rules):
    """Where and how a tenant's requests are traced in Langfuse."""
