"""How a request finds its tenant: the LiteLLM team of its key, whose metadata carries the rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from inferspect.refusal import Refusal
from inferspect.tenancy.rules import TenantRules

METADATA_KEY = "inferspect"
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as one request sees it. ``id`` is the LiteLLM team id; keys without a team share the id ``default``."""

    id: str
    alias: str | None
    rules: TenantRules


class InvalidRules(Refusal):
    """A tenant's rules do not validate; it is refused service until they do, so that no rule applies half."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            403,
            "tenant_rules_invalid",
            "This tenant's rules are invalid, so its requests are refused until an administrator corrects "
            f"`metadata.inferspect` of the team: {'; '.join(problems)}.",
        )
        self.problems = problems


class TenantDirectory:
    """Tenants by the metadata that LiteLLM hands to every hook; parsed once for each distinct content.

    Args:
        default_rules: what applies where a team says nothing, as read from the configuration (not yet validated
            by itself: the merged result is).
    """

    def __init__(self, default_rules: Mapping[str, Any]) -> None:
        self._default_rules = dict(default_rules)
        self._default = TenantRules.model_validate(self._default_rules)
        self._parsed: dict[str, TenantRules | InvalidRules] = {}

    def find(self, team_id: str | None, team_alias: str | None, team_metadata: Mapping[str, Any] | None) -> Tenant:
        """The tenant of a key.

        Raises:
            InvalidRules: the team's rules do not validate over the defaults.
        """
        own = (team_metadata or {}).get(METADATA_KEY)
        return Tenant(
            id=team_id or "default", alias=team_alias, rules=self._default if own is None else self._rules(own)
        )

    def _rules(self, own: Any) -> TenantRules:
        key = json.dumps(own, sort_keys=True, default=str)
        parsed = self._parsed.get(key)
        if parsed is None:
            if len(self._parsed) >= REMEMBERED:
                self._parsed.clear()
            parsed = self._parsed[key] = parse_rules(own, self._default_rules)
        if isinstance(parsed, InvalidRules):
            raise InvalidRules(parsed.problems)
        return parsed


def parse_rules(own: Any, default_rules: Mapping[str, Any]) -> TenantRules | InvalidRules:
    """Rules of a tenant over the defaults: maps are merged key by key, everything else is replaced."""
    if not isinstance(own, Mapping):
        return InvalidRules([f"expected an object, found {type(own).__name__}"])
    try:
        return TenantRules.model_validate(merged(default_rules, own))
    except ValidationError as error:
        return InvalidRules([f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()])


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``, recursively for maps."""
    result = dict(below)
    for key, value in above.items():
        lower = result.get(key)
        both_maps = isinstance(lower, Mapping) and isinstance(value, Mapping)
        result[key] = merged(lower, value) if both_maps else value  # type: ignore[arg-type]
    return result
