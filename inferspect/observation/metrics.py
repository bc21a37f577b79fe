"""Figures beside LiteLLM's on its Prometheus endpoint."""

from __future__ import annotations

from inferspect.section import Section


class MetricSettings(Section):
    """Figures beside LiteLLM's on its Prometheus endpoint."""
