"""OpenTelemetry: gateway traces to a collector of your own."""

from __future__ import annotations

from inferspect.section import Section


class TracingSettings(Section):
    """OpenTelemetry: gateway traces to a collector of your own."""
