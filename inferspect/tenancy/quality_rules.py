"""How a tenant's answers are scored, and which scores are too low."""

from __future__ import annotations

from inferspect.tenancy.rule_types import Rules


class QualityRules(Rules):
    """How a tenant's answers are scored, and which scores are too low."""
