"""What is kept of a tenant's requests, and for how long."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from inferspect.tenancy.langfuse_rules import LangfuseRules
from inferspect.tenancy.quality_rules import QualityRules
from inferspect.tenancy.rule_types import Rules


class ObservationRules(Rules):
    """What is kept of requests beside their figures."""

    content: Literal["redacted", "none"] = Field(
        default="redacted",
        description="Whether requests and answers are kept, as the guardrails leave them; without them there are no "
        "quality scores.",
    )
    retention_days: int | None = Field(
        default=None, ge=1, description="Days that events and contents are kept, where fewer than the gateway's."
    )
    langfuse: LangfuseRules = LangfuseRules()
    quality: QualityRules = QualityRules()
