"""Where and how a tenant's requests are traced in Langfuse."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from inferspect.observation.addresses import ContentRule, HttpAddress, Share
from inferspect.observation.langfuse import Environment
from inferspect.secret import Secret
from inferspect.tenancy.rule_types import Rules


class LangfuseRules(Rules):
    """Where and how a tenant's requests are traced in Langfuse; see [Langfuse](langfuse.md)."""

    enabled: bool = Field(default=True, description="Whether the tenant's requests are traced, where there are keys.")
    host: HttpAddress | None = Field(
        default=None, description="Address of the Langfuse of the tenant's own project; unset, the gateway's."
    )
    public_key: Secret | None = Field(
        default=None,
        description="Reference to the public key of a project of the tenant's own; unset, the gateway's project.",
    )
    secret_key: Secret | None = Field(default=None, description="Reference to its secret key.")
    sample_rate: Share | None = Field(default=None, description="Share of traces that are sent; unset, the gateway's.")
    content: ContentRule = Field(default="redacted", description="Whether requests and answers go along.")
    environment: Environment | None = Field(
        default=None, description="Of traces whose request does not name one; unset, the gateway's."
    )

    @model_validator(mode="after")
    def _keys_are_a_pair(self) -> Self:
        if (self.public_key is None) != (self.secret_key is None):
            raise ValueError("give both public_key and secret_key, or neither")
        if self.host is not None and self.public_key is None:
            raise ValueError("host needs public_key and secret_key: the gateway's keys go to the gateway's host only")
        return self
