"""What a tenant may do: the rules stored in ``metadata.inferspect`` of its LiteLLM team, over the default rules.

Every model forbids unknown keys and is frozen, so a rule that was misspelt is an error and never silently absent.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _no_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _network(value: Any) -> Any:
    """One message for a value that is neither, in place of one for each kind of network."""
    return ip_network(value) if isinstance(value, str) else value


Pattern = Annotated[str, AfterValidator(_no_blank), Field(max_length=256)]
Address = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
PiiEntity = Literal["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "US_SSN"]
PiiAction = Literal["mask", "block", "report", "off"]


class Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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


class PiiRules(Rules):
    """What happens to personal data in requests and answers."""

    enabled: bool = Field(default=True, description="Whether the PII guardrail looks at this tenant's requests.")
    input: bool = Field(default=True, description="Whether requests are scanned.")
    output: bool = Field(default=True, description="Whether answers are scanned.")
    score_threshold: float = Field(
        default=0.35, ge=0, le=1, description="Findings with a lower confidence are ignored."
    )
    entities: dict[PiiEntity, PiiAction] = Field(
        default_factory=dict,
        description="Action by entity: `mask` replaces the value by `<ENTITY>`, `block` refuses the request, "
        "`report` only counts it, `off` ignores it. Entities that are not named are masked.",
    )


class TenantRules(Rules):
    """All rules of one tenant."""

    models: ModelRules = ModelRules()
    parameters: ParameterRules = ParameterRules()
    access: AccessRules = AccessRules()
    pii: PiiRules = PiiRules()
