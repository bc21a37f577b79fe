"""Where requests are traced."""

from __future__ import annotations

from inferspect.section import Section


class LangfuseSettings(Section):
    """Where requests are traced."""
