"""How answers are scored."""

from __future__ import annotations

from inferspect.section import Section


class QualitySettings(Section):
    """How answers are scored."""
