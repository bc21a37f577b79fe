"""The audit log."""

from __future__ import annotations

from inferspect.section import Section


class AuditSettings(Section):
    """The audit log."""
