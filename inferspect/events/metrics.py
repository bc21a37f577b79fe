"""Figures of the way of events, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LAGS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 60, 120, 300, 900, 3600, 21600, 86400)

EVENTS_SHIPPED = Counter("inferspect_events_shipped", "Events stored in the database.")
EVENTS_SET_ASIDE = Counter(
    "inferspect_events_set_aside", "Events that the database never takes, put into dead-letters.jsonl."
)
EVENTS_REDATED = Counter(
    "inferspect_events_redated", "Events that were stored with the database's time, because their own cannot be true."
)
OBSERVER_ERRORS = Counter(
    "inferspect_observer_errors",
    "Exceptions out of an observer's code: `wants` and `project` while an event is stored, `deliver` while delivered.",
    ["observer", "part"],
)
COURIERS_RESTARTED = Counter(
    "inferspect_couriers_restarted",
    "Tasks that deliver to a consumer, begun again because they had ended.",
    ["consumer"],
)
DELIVERIES = Counter(
    "inferspect_deliveries",
    "Attempts to deliver an event, by outcome: done, retry, rejected, expired.",
    ["consumer", "outcome"],
)
DEAD_LETTERS_TOTAL = Counter("inferspect_dead_letters", "Deliveries that were given up.", ["consumer"])
DELIVERY_LAG = Histogram(
    "inferspect_delivery_lag_seconds",
    "From the beginning of a request to the delivery of its event.",
    ["consumer"],
    buckets=LAGS,
)
# One process, the leader, counts for all: of several that have led, the one that counted last holds.
DEAD_LETTERS = Gauge(
    "inferspect_dead_letters_waiting",
    "Dead letters that wait for a person.",
    ["consumer"],
    multiprocess_mode="livemostrecent",
)
DELIVERIES_WAITING = Gauge(
    "inferspect_deliveries_waiting",
    "Deliveries that are still to be made.",
    ["consumer"],
    multiprocess_mode="livemostrecent",
)
