from __future__ import annotations

import pytest

from callbacks.metrics.requests import Count, api_of, request_counter

from .conftest import MakeEvent, Told


@pytest.fixture
def count() -> Count:
    return request_counter(lambda model: "demo" if model == "demo" else "other")


@pytest.mark.parametrize(
    ("route", "api"),
    [
        ("/v1/chat/completions", "chat"),
        ("/engines/demo/chat/completions", "chat"),
        ("/completions", "completions"),
        ("/v1/embeddings", "embeddings"),
        ("/v1/messages", "messages"),
        ("/openai/v1/responses", "responses"),
        ("/v1/images/generations", "images"),
        ("/v1/audio/speech", "audio"),
        ("/v1beta/models/demo:streamGenerateContent", "generate_content"),
        ("/mcp-rest/tools/call", "mcp"),
        ("/v2/rerank", "rerank"),
        ("/somebody@example.com", "other"),
    ],
)
def test_a_path_is_told_as_its_api(route: str, api: str) -> None:
    assert api_of(route) == api


def test_a_request_is_counted_by_how_it_ended(count: Count, event: MakeEvent, told: Told) -> None:
    count(event())
    count(event(result="failure", status=502, code="jane@example.com"))
    assert told("inferspect_requests_total", api="chat", result="success", status="200", code="") == 1
    assert told("inferspect_requests_total", api="chat", result="failure", status="502", code="") == 1


def test_a_refusal_is_counted_with_its_reason(count: Count, event: MakeEvent, told: Told) -> None:
    count(event(result="blocked", status=403, code="model_not_allowed"))
    assert told("inferspect_requests_total", api="chat", result="blocked", status="403", code="model_not_allowed") == 1


def test_a_status_that_http_does_not_know_is_told_as_its_class(count: Count, event: MakeEvent, told: Told) -> None:
    """A provider may send any."""
    count(event(result="failure", status=599))
    assert told("inferspect_requests_total", api="chat", result="failure", status="5xx", code="") == 1


def test_a_request_without_an_answer_has_status_0(count: Count, event: MakeEvent, told: Told) -> None:
    count(event(result="aborted", status=0))
    assert told("inferspect_requests_total", api="chat", result="aborted", status="0", code="") == 1


def test_a_model_that_nobody_configured_is_other(count: Count, event: MakeEvent, told: Told) -> None:
    """A client may ask for anything."""
    count(event(model="demo"))
    count(event(model="call me at jane@example.com", result="failure", status=400))
    assert told("inferspect_model_requests_total", model="demo", result="success") == 1
    assert told("inferspect_model_requests_total", model="other", result="failure") == 1


def test_overhead_is_the_time_that_no_provider_took(count: Count, event: MakeEvent, told: Told) -> None:
    attempts = [{"started": 0.01, "seconds": 0.5}, {"started": 0.6, "seconds": 1.0}]
    count(event(seconds_to_response=1.75, seconds_total=1.75, attempts=attempts))
    assert told("inferspect_overhead_seconds_sum") == pytest.approx(0.25)
    assert told("inferspect_before_provider_seconds_sum") == pytest.approx(0.01)
    assert told("inferspect_request_seconds_sum", api="chat", stream="false") == pytest.approx(1.75)


def test_there_is_no_overhead_where_a_provider_was_not_seen_to_end(count: Count, event: MakeEvent, told: Told) -> None:
    count(event(seconds_to_response=1.75, attempts=[{"started": 0.01, "seconds": None}]))
    assert told("inferspect_overhead_seconds_count") == 0


def test_a_stream_has_a_time_to_its_first_token(count: Count, event: MakeEvent, told: Told) -> None:
    count(event(stream=True, seconds_to_first_token=0.3, seconds_to_response=0.2, seconds_total=2.0))
    count(event(stream=True, result="aborted", seconds_to_first_token=0.3, seconds_total=2.0))
    assert told("inferspect_first_token_seconds_count", api="chat") == 1
    assert told("inferspect_request_seconds_sum", api="chat", stream="true") == pytest.approx(2.0)
    assert told("inferspect_overhead_seconds_count") == 0


def test_a_request_whose_cost_never_came_is_counted(count: Count, event: MakeEvent, told: Told) -> None:
    count(event(complete=False))
    count(event())
    assert told("inferspect_unsettled_requests_total") == 1
