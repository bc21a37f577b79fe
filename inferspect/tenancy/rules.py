"""What a tenant may do: the rules stored in ``metadata.inferspect`` of its LiteLLM team, over the default rules.

Every model forbids unknown keys and is frozen, so a rule that was misspelt is an error and never silently absent.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from inferspect.tenancy.guardrail_rules import ContentSafetyRules, PiiRules, PromptInjectionRules, SecretRules
from inferspect.tenancy.observation_rules import ObservationRules
from inferspect.tenancy.prompt_rules import PromptRules
from inferspect.tenancy.rule_types import Pattern, Rules


def _network(value: Any) -> Any:
    """One message for a value that is neither, in place of one for each kind of network."""
    return ip_network(value) if isinstance(value, str) else value


Address = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class ModelRules(Rules):
    """Which models may be called, as shell globs over the model name the client sends."""

    allowed: tuple[Pattern, ...] = Field(
        default=("*",), description="Globs of the model names a request may name; an empty list allows none."
    )
    denied: tuple[Pattern, ...] = Field(
        default=(), description="Globs of model names that are refused even where `allowed` matches."
    )


class ParameterRules(Rules):
    """Which request parameters may be used, and how far."""

    denied: tuple[Pattern, ...] = Field(
        default=(), description="Top-level request parameters that are refused, such as `logit_bias`."
    )
    max_tokens: int | None = Field(
        default=None,
        ge=1,
        description="Ceiling in tokens of an answer. A request that asks for more is refused; one that does not say "
        "gets this as its limit.",
    )


class AccessRules(Rules):
    """From where the tenant's keys may be used."""

    addresses: tuple[Address, ...] = Field(
        default=(), description="Networks in CIDR notation that requests may come from; an empty list allows all."
    )


class TenantRules(Rules):
    """All rules of one tenant."""

    models: ModelRules = ModelRules()
    parameters: ParameterRules = ParameterRules()
    prompts: PromptRules = PromptRules()
    access: AccessRules = AccessRules()
    pii: PiiRules = PiiRules()
    secrets: SecretRules = SecretRules()
    content_safety: ContentSafetyRules = ContentSafetyRules()
    prompt_injection: PromptInjectionRules = PromptInjectionRules()
    observation: ObservationRules = ObservationRules()
