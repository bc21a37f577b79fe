"""Alert rules and where alerts are sent."""

from __future__ import annotations

from inferspect.section import Section


class AlertSettings(Section):
    """Alert rules and where alerts are sent."""
