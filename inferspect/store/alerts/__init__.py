"""Alerts: their rules, their history, silences, and what they are evaluated by; see docs/alerts.md."""
