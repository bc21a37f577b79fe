import uuid
from typing import Any

import pytest

from inferspect.events.event import GatewayEvent
from inferspect.spans.builder import call_span_id, root_span_id, spans_of
from inferspect.spans.sessions import SessionTraces
from inferspect.spans.span import Span
from tests.spans.events import OCCURRED, PARENT, PLAIN, REQUEST_ID, attempt, event, verdict

ROOT = ("request", "POST /v1/chat/completions", "DEFAULT", None)
CHAT = ("generation", "chat demo", "DEFAULT", None)
FIRST = ("attempt", "attempt 1 openai/gpt-demo", "DEFAULT", None)
FAILED = attempt(0.1, 0.2, error_class="RateLimitError", error_status=429)
BLOCK = verdict("secrets", "block", code="secret_found")


def shape(spans: list[Span]) -> list[tuple[str, str, str, str | None]]:
    return [(span.kind, span.name, span.level, span.message) for span in spans]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(PLAIN, [ROOT, CHAT, FIRST], id="plain"),
        pytest.param(event(stream=True, seconds_to_first_token=0.2), [ROOT, CHAT, FIRST], id="stream"),
        pytest.param(event(finish_reason="tool_calls"), [ROOT, CHAT, FIRST], id="tool call"),
        pytest.param(
            event(result="cached", attempts=[]), [ROOT, ("cache", "cache hit", "DEFAULT", None), CHAT], id="cached"
        ),
        pytest.param(
            event(attempts=[FAILED, attempt(0.4, 0.1, model_group="demo-fallback")]),
            [ROOT, CHAT, ("attempt", "attempt 1 openai/gpt-demo", "WARNING", "RateLimitError 429"),
             ("attempt", "attempt 2 openai/gpt-demo", "DEFAULT", None)],
            id="fallback",
        ),
        pytest.param(
            event(result="blocked", status=400, code="secret_found", attempts=[], verdicts=[verdict(), BLOCK]),
            [("request", "POST /v1/chat/completions", "WARNING", "secret_found"),
             ("guardrail", "guardrail pii (input)", "DEFAULT", None),
             ("guardrail", "guardrail secrets (input)", "WARNING", "secret_found")],
            id="blocked",
        ),
        pytest.param(
            event(result="blocked", status=400, code="secret_found", verdicts=[{**BLOCK, "direction": "output"}]),
            [("request", "POST /v1/chat/completions", "WARNING", "secret_found"),
             ("guardrail", "guardrail secrets (output)", "WARNING", "secret_found"), CHAT, FIRST],
            id="blocked answer",
        ),
        pytest.param(
            event(result="failure", status=429, code="rate_limited", error_class="RateLimitError", attempts=[FAILED]),
            [("request", "POST /v1/chat/completions", "ERROR", "rate_limited"),
             ("generation", "chat demo", "ERROR", "rate_limited"),
             ("attempt", "attempt 1 openai/gpt-demo", "ERROR", "RateLimitError 429")],
            id="failed",
        ),
        pytest.param(
            event(result="failure", status=401, model=None, attempts=[]),
            [("request", "POST /v1/chat/completions", "ERROR", "status 401")],
            id="failed before any model",
        ),
        pytest.param(
            event(result="aborted", status=0, attempts=[attempt(0.1, None)]),
            [("request", "POST /v1/chat/completions", "WARNING", "client_aborted"),
             ("generation", "chat demo", "WARNING", "client_aborted"), FIRST],
            id="aborted",
        ),
        pytest.param(
            event(result="unknown", status=0, attempts=[], seconds_total=None, seconds_to_response=None),
            [("request", "POST /v1/chat/completions", "WARNING", "unknown_outcome"),
             ("generation", "chat demo", "WARNING", "unknown_outcome")],
            id="unknown",
        ),
        pytest.param(
            event(route="/v1/embeddings", call_type="aembedding"),
            [("request", "POST /v1/embeddings", "DEFAULT", None), ("embedding", "embeddings demo", "DEFAULT", None),
             FIRST],
            id="embeddings",
        ),
        pytest.param(
            event(route="/v1/responses"), [("request", "POST /v1/responses", "DEFAULT", None), CHAT, FIRST],
            id="responses",
        ),
        pytest.param(
            event(route="/v1/messages"), [("request", "POST /v1/messages", "DEFAULT", None), CHAT, FIRST], id="messages"
        ),
        pytest.param(
            event(route="/v1/completions"),
            [("request", "POST /v1/completions", "DEFAULT", None),
             ("generation", "text_completion demo", "DEFAULT", None), FIRST],
            id="text completion",
        ),
        pytest.param(
            event(route="/mcp-rest/tools/call", call_type="call_mcp_tool", model="weather", attempts=[]),
            [("request", "POST /mcp-rest/tools/call", "DEFAULT", None),
             ("tool", "execute_tool weather", "DEFAULT", None)],
            id="MCP tool",
        ),
        pytest.param(
            event(trace_name="checkout"), [("request", "checkout", "DEFAULT", None), CHAT, FIRST], id="named"
        ),
    ],
)  # fmt: skip
def test_each_kind_of_request_has_its_spans(told: GatewayEvent, expected: list[Any]) -> None:
    """What happened, and how it ended, is to be seen."""
    assert shape(spans_of(told)) == expected


ALL = event(
    result="failure",
    verdicts=[verdict(), verdict("secrets"), verdict(direction="output")],
    attempts=[FAILED, attempt(0.4, 0.1), attempt(0.6, 0.1, model_group="demo-fallback")],
)


def test_a_replay_has_the_same_spans() -> None:
    """Nothing but the event decides, so what is sent again overwrites; no two spans share an id."""
    first, again = spans_of(ALL), spans_of(GatewayEvent.from_json(ALL.to_json()))
    assert first == again
    assert len({span.span_id for span in first}) == len(first) == 8
    assert {len(span.span_id) for span in first} == {8}


def test_a_later_copy_keeps_the_ids() -> None:
    """What becomes known later changes spans and adds some, but none is left behind under another id."""
    early = event(complete=False, revision=1, result="unknown", attempts=[attempt(0.1, None)], seconds_total=None)
    assert {span.span_id for span in spans_of(early)} <= {span.span_id for span in spans_of(ALL)}


def test_spans_hang_together() -> None:
    """Guardrails and the call belong to the request, attempts to the call, and all to one trace."""
    spans = spans_of(ALL)
    parents = {span.kind: span.parent_id for span in spans}
    root, call = root_span_id(REQUEST_ID), call_span_id(REQUEST_ID)
    assert parents == {"request": None, "guardrail": root, "generation": root, "attempt": call}
    assert {span.trace_id for span in spans} == {uuid.UUID(REQUEST_ID).bytes}


def test_a_caller_s_trace_is_continued() -> None:
    """With a traceparent the request is a part of the caller's trace, below the caller's span."""
    spans = spans_of(event(trace_parent=PARENT))
    assert {span.trace_id.hex() for span in spans} == {PARENT[3:35]}
    assert spans[0].parent_id is not None
    assert spans[0].parent_id.hex() == PARENT[36:52]


def test_requests_of_a_session_share_a_trace_where_that_is_set() -> None:
    """A trace by session is of one tenant's session; without the setting, or a session, each request has its own."""
    other = str(uuid.UUID(int=7))
    by_session = SessionTraces("a salt key")

    def trace(sessions: SessionTraces | None = by_session, **changed: Any) -> bytes:
        return spans_of(event(**changed), sessions=sessions)[0].trace_id

    assert trace(session_id="s") == trace(session_id="s", id=other)
    assert trace(session_id="s") != trace(session_id="s", tenant_id="team-2")
    assert trace(session_id="s") != trace(session_id="t")
    assert trace(session_id="s", sessions=None) == uuid.UUID(REQUEST_ID).bytes == trace(session_id=None)
    assert trace(session_id="s", trace_parent=PARENT).hex() == PARENT[3:35]


@pytest.mark.parametrize(
    ("groups", "reasons"),
    [
        (["demo"], ["first"]),
        (["demo", "demo", "demo-fallback"], ["first", "retry", "fallback"]),
        (["demo-fallback"], ["fallback"]),
        ([None, None], ["first", "retry"]),
    ],
)
def test_an_attempt_says_why_it_was_made(groups: list[str | None], reasons: list[str]) -> None:
    """Another name of a model is a fallback, the same again a retry."""
    spans = spans_of(event(attempts=[attempt(model_group=group) for group in groups]))
    assert [span.about["reason"] for span in spans if span.kind == "attempt"] == reasons


def test_times_are_those_of_the_event() -> None:
    """Spans begin and end when things did, in nanoseconds; an unknown end is the request's."""
    told = event(
        stream=True,
        seconds_total=2.0,
        verdicts=[verdict(), verdict(direction="output", started=1.5), verdict("secrets", direction="output")],
        attempts=[attempt(0.1, 0.2), attempt(0.5, None)],
    )
    started = int(OCCURRED.timestamp()) * 10**9 + 250_000_000
    seconds = {span.name: ((span.start - started) / 1e9, (span.end - started) / 1e9) for span in spans_of(told)}
    assert seconds == {
        "POST /v1/chat/completions": (0.0, 2.0),
        "guardrail pii (input)": (0.0, 0.01),
        "guardrail pii (output)": (1.5, 1.51),
        "guardrail secrets (output)": (1.99, 2.0),
        "chat demo": (0.1, 2.0),
        "attempt 1 openai/gpt-demo": (0.1, pytest.approx(0.3)),
        "attempt 2 openai/gpt-demo": (0.5, 2.0),
    }


def test_no_span_ends_before_it_begins() -> None:
    """Also where an event knows of a beginning only, or its figures make no sense."""
    odd = [attempt(5.0, None), attempt(-1.0, -1.0), attempt(None, "later")]  # type: ignore[arg-type]
    for told in (
        event(result="unknown", seconds_total=None, seconds_to_response=None, attempts=odd),
        event(attempts=odd, verdicts=[verdict(seconds=-1.0), verdict(started="early", direction="output")]),
    ):
        assert all(span.start <= span.end for span in spans_of(told))


def test_verdicts_that_found_nothing_may_be_left_out() -> None:
    """Ids of the others stay what they were."""
    told = event(verdicts=[verdict(), verdict("secrets", "modify")])
    every, findings = spans_of(told), spans_of(told, passes=False)
    assert [span.name for span in findings if span.kind == "guardrail"] == ["guardrail secrets (input)"]
    assert all(span in every for span in findings)


def test_a_dry_run_blocks_nothing() -> None:
    """A verdict that only tells is no warning."""
    spans = spans_of(event(verdicts=[verdict(decision="block", dry_run=True, code="pii_found")]))
    assert {span.level for span in spans} == {"DEFAULT"}
