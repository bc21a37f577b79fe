"""Figures beside LiteLLM's on its Prometheus endpoint."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from inferspect.section import Section


class MetricSettings(Section):
    """Figures beside LiteLLM's on its Prometheus endpoint."""

    tenants: Annotated[int, Field(ge=0, le=2_000)] = Field(
        default=50,
        description="How many tenants are told by name, those with most requests first; the rest is `other`.",
    )
    pinned_tenants: tuple[str, ...] = Field(
        default=(), max_length=2_000, description="Ids of tenants that are always told by name, beside these."
    )
