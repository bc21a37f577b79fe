"""What Prometheus may know of alerts. The leader alone has the figures; of several processes the newest count."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge

EVALUATIONS = Counter(
    "inferspect_alert_evaluations_total",
    "Evaluations of alert rules, by type of condition and result (ok, failed).",
    ("condition", "result"),
)
ROUND_LAG = Gauge(
    "inferspect_alert_evaluation_lag_seconds",
    "Seconds from when the rules should have been evaluated until all of them were.",
    multiprocess_mode="livemostrecent",
)
EVALUATED_AT = Gauge(
    "inferspect_alert_evaluated_timestamp_seconds",
    "Unix time at which the rules were evaluated last.",
    multiprocess_mode="livemostrecent",
)
ALERTS = Gauge(
    "inferspect_alerts",
    "Alerts that are pending or firing.",
    ("state", "severity"),
    multiprocess_mode="livemostrecent",
)
STATES = ("pending", "firing")
SEVERITIES = ("info", "warning", "critical")
NOTIFICATIONS = Counter("inferspect_alert_notifications_total", "Notifications posted to channels.", ("type",))


def show_alerts(counts: Mapping[tuple[str, str], int]) -> None:
    """Tell how many there are; none is told, too, so that a figure goes back to 0."""
    for state in STATES:
        for severity in SEVERITIES:
            ALERTS.labels(state, severity).set(counts.get((state, severity), 0))
