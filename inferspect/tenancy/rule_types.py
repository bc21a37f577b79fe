"""What all rules have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _no_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Pattern = Annotated[str, AfterValidator(_no_blank), Field(max_length=256)]


class Rules(BaseModel):
    """A part of a tenant's rules: what was misspelt is an error and never silently absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)
