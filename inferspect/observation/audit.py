"""The audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from inferspect.section import Seconds, Section


class AuditSettings(Section):
    """The audit log."""

    anchor_every: Seconds = Field(
        default=60.0, description="Seconds between two anchors, signed statements of where each tenant's chain ends."
    )
    anchor_file: Path | None = Field(
        default=None,
        description="File outside of the database that anchors are appended to; `audit/anchors.jsonl` in the data "
        "folder where unset.",
    )
    retention_days: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Days that entries are kept; all of them for ever where unset."
    )
