"""Where alerts are sent."""

from __future__ import annotations

from inferspect.section import Section


class ChannelSettings(Section):
    """Where alerts are sent."""
