"""Figures on LiteLLM's Prometheus endpoint."""
