"""What the sections of the settings are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Bytes = Annotated[int, Field(ge=1024)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A section of the settings: a key that it does not know is an error, and it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
