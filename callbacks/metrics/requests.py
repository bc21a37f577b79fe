"""What Prometheus may know of requests: how they ended, how long they took, and what of that was the gateway's.

Labels have few values, whatever clients and providers send: names that are not known are ``other``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus

from prometheus_client import Counter, Histogram

from inferspect.events.event import GatewayEvent
from inferspect.labels.names import NamesSeen

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)
SHORT_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

REQUESTS = Counter(
    "inferspect_requests_total",
    "Requests to models and tools by how they ended; `code` is the reason of a refusal by a rule or guardrail.",
    ("api", "result", "status", "code"),
)
MODEL_REQUESTS = Counter(
    "inferspect_model_requests_total",
    "Requests by the model asked for, as the configuration names it; a wildcard stands for all its models.",
    ("model", "result"),
)
REQUEST_SECONDS = Histogram(
    "inferspect_request_seconds",
    "Seconds from the request's first byte to the last of its successful answer.",
    ("api", "stream"),
    buckets=SECONDS,
)
FIRST_TOKEN_SECONDS = Histogram(
    "inferspect_first_token_seconds",
    "Seconds from a streaming request's first byte to the first token from the provider.",
    ("api",),
    buckets=SECONDS,
)
BEFORE_PROVIDER_SECONDS = Histogram(
    "inferspect_before_provider_seconds",
    "Seconds that a request was in the gateway before a provider was first called.",
    buckets=SHORT_SECONDS,
)
OVERHEAD_SECONDS = Histogram(
    "inferspect_overhead_seconds",
    "Seconds of a successful request, not streamed, in which no provider was working on it; pauses between retries "
    "included.",
    buckets=SHORT_SECONDS,
)
UNSETTLED = Counter(
    "inferspect_unsettled_requests_total",
    "Requests whose tokens and cost LiteLLM did not tell within `events.settle_after`; their usage is not counted.",
)

APIS = (
    ("chat/completions", "chat"),
    ("completions", "completions"),
    ("embeddings", "embeddings"),
    ("moderations", "moderations"),
    ("responses", "responses"),
    ("messages", "messages"),
    ("rerank", "rerank"),
    ("images", "images"),
    ("audio", "audio"),
    ("generatecontent", "generate_content"),
    ("mcp", "mcp"),
)
STATUSES = frozenset(str(status.value) for status in HTTPStatus)
ANSWERED = frozenset({"success", "cached"})
OTHER = "other"

Count = Callable[[GatewayEvent], None]


def request_counter(model_label: Callable[[str], str]) -> Count:
    """A function that counts the event of a request that has ended.

    Args:
        model_label: a model's name as a label; takes what a client asked for.
    """
    codes = NamesSeen(limit=200)

    def count(event: GatewayEvent) -> None:
        api = api_of(event.route)
        code = codes.name(event.code or OTHER) if event.result == "blocked" else ""
        _labelled(REQUESTS, (api, event.result, _status(event.status), code)).inc()
        if event.model:
            _labelled(MODEL_REQUESTS, (model_label(event.model), event.result)).inc()
        if not event.complete:
            UNSETTLED.inc()
        if event.attempts:
            BEFORE_PROVIDER_SECONDS.observe(event.attempts[0]["started"])
        if event.result in ANSWERED:
            _observe_seconds(event, api)

    return count


def _observe_seconds(event: GatewayEvent, api: str) -> None:
    if event.seconds_total is not None:
        labels = (api, "true" if event.stream else "false")
        _observing(REQUEST_SECONDS, labels).observe(event.seconds_total)
    if event.stream:
        if event.seconds_to_first_token is not None and event.result == "success":
            _observing(FIRST_TOKEN_SECONDS, (api,)).observe(event.seconds_to_first_token)
    elif event.seconds_to_response is not None and (provider := _provider_seconds(event)) is not None:
        OVERHEAD_SECONDS.observe(max(0.0, event.seconds_to_response - provider))


def _provider_seconds(event: GatewayEvent) -> float | None:
    """Of all attempts; ``None`` where the end of one was not seen."""
    total = 0.0
    for attempt in event.attempts:
        if attempt["seconds"] is None:
            return None
        total += attempt["seconds"]
    return total


@lru_cache(maxsize=1024)
def api_of(route: str) -> str:
    """Which of the APIs a path belongs to."""
    words = re.sub(r"[^a-z/]", "", route.lower())
    return next((api for sign, api in APIS if sign in words), OTHER)


def _status(status: int) -> str:
    """The status, as far as HTTP knows it; 0 where no answer began."""
    text = str(status)
    return text if text in STATUSES or status == 0 else f"{text[:1]}xx"


@lru_cache(maxsize=4096)
def _labelled(metric: Counter, labels: tuple[str, ...]) -> Counter:
    """The metric's part with these labels; looking it up in the client library takes several times as long."""
    return metric.labels(*labels)


@lru_cache(maxsize=1024)
def _observing(metric: Histogram, labels: tuple[str, ...]) -> Histogram:
    return metric.labels(*labels)
