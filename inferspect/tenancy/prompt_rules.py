"""Which prompts a tenant may use."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field

from inferspect.tenancy.rule_types import Pattern, Rules


class PromptRules(Rules):
    """Which prompts of the gateway's files may be named in a request; see [Prompts](prompts.md)."""

    allowed: tuple[Pattern, ...] = Field(
        default=("*",), description="Globs of their names; an empty list allows none. Langfuse's prompts are its own."
    )

    def allow(self, name: str) -> bool:
        """Whether the tenant may use the prompt of that name."""
        return any(fnmatchcase(name, glob) for glob in self.allowed)
