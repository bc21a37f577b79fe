"""Routes of alerts, below ``/api/v1/``. Loaded inside of LiteLLM's worker only."""

from callbacks.alerts.api import alerts, channels, rules, silences

routers = (alerts.router, rules.router, silences.router, channels.router)
