"""Scripted tokens: of kinds that no text stands for, such as those from a prompt cache."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ScriptedTokens(BaseModel):
    """Tokens of one choice beside those that are estimated from the texts, by kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cached: int = Field(default=0, ge=0)
    cache_creation: int = Field(default=0, ge=0)
    audio_input: int = Field(default=0, ge=0)
    audio_output: int = Field(default=0, ge=0)
    reasoning: int = Field(default=0, ge=0)

    @property
    def input(self) -> int:
        """Those of the prompt."""
        return self.cached + self.cache_creation + self.audio_input

    @property
    def output(self) -> int:
        """Those of the answer."""
        return self.audio_output + self.reasoning


NO_TOKENS = ScriptedTokens()
