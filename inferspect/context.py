"""The one place where the steps of a request leave what they know about it for the steps that follow.

The middleware opens a context for each request before LiteLLM sees it; hooks find it with :func:`current`. It
travels by context variable, so it reaches LiteLLM's background logging too, and never through ``metadata``, which
LiteLLM logs.
"""

from __future__ import annotations

import time
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from inferspect.refusal import Refusal
    from inferspect.tenancy import Tenant

Decision = Literal["pass", "modify", "report", "block"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guardrail or rule decided, without any content of the request.

    Attributes:
        guardrail: name of the hook, such as ``pii``.
        decision: what it did.
        direction: whether it looked at the request or at the response.
        counts: findings by kind, such as ``{"EMAIL_ADDRESS": 2}``.
        code: stable reason, where it refused.
        seconds: time it took.
        started: seconds after the request came, ``None`` where nobody noted it.
        dry_run: only told; otherwise it would have changed or refused what it counted.
    """

    guardrail: str
    decision: Decision
    direction: Literal["input", "output"]
    counts: dict[str, int] = field(default_factory=dict)
    code: str | None = None
    seconds: float = 0.0
    dry_run: bool = False
    started: float | None = None


@dataclass(slots=True)
class Attempt:
    """One call of one deployment of a provider, for this request; a retry and a fallback are attempts of their own.

    Attributes:
        model: the provider's name of the model.
        model_group: the name that clients use for it; a fallback's differs from the one of the request.
        started: seconds after the request came; ``seconds``: how long it took, ``None`` where it was not seen to end.
        error_class: class of LiteLLM's exception, where it failed.
        error_status: HTTP status of the failure.
    """

    model: str | None
    model_group: str | None
    provider: str | None
    deployment_id: str | None
    started: float
    seconds: float | None = None
    error_class: str | None = None
    error_status: int | None = None


@dataclass(slots=True)
class Trace:
    """How the client wants the request to be found in traces.

    Attributes:
        parent: W3C ``traceparent`` of the caller, valid; ``None`` where there is none.
        state: W3C ``tracestate`` that came with it, valid.
        session_id: conversation that the request belongs to.
    """

    parent: str | None = None
    state: str | None = None
    session_id: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    release: str | None = None
    environment: str | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None


@dataclass(slots=True)
class Outcome:
    """What LiteLLM reports about the answer; cost in US dollars, ``None`` where it is not known.

    ``usage`` has tokens by kind as far as the provider tells: ``cached``, ``cache_creation``, ``reasoning``,
    ``audio_input``, ``audio_output``; each is part of the prompt's or completion's tokens. ``cost_details`` has what
    ``input``, ``output`` and built-in ``tools`` cost, before LiteLLM's discounts and margins; and what ``cached``,
    ``cache_creation`` and ``reasoning`` did, which are parts of input and output.
    """

    model: str | None = None
    provider: str | None = None
    deployment_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    usage: dict[str, int] = field(default_factory=dict)
    cost: float | None = None
    cost_details: dict[str, float] = field(default_factory=dict)
    cache_hit: bool = False
    seconds_to_first_token: float | None = None
    finish_reason: str | None = None
    error_class: str | None = None
    error_status: int | None = None


@dataclass(slots=True)
class RequestContext:
    """One request from its first byte to its event. Belongs to one request; hooks add to it, nobody shares it.

    Attributes:
        request_id: ours, unique, sent to the client as ``x-request-id`` and used as LiteLLM's call id.
        route: path as called, without query.
        client_address: the peer, or what a trusted proxy said of it.
        settled: LiteLLM has reported cost and tokens.
        recorded: the request has an event; ``ended``: its last byte is being sent; ``aborted``: the client left before;
            ``told``: those who listen for ended requests have its event.
        input: what was asked, as the guardrails left it: messages, prompt, or whatever the API calls it.
        output: what was answered, as the guardrails left it, before values are restored for the client.
        content_taken: input and output are in the spool; ``content_hash``: of the input as it is kept there.
        parameters: the model's, such as temperature; no content.
        identifiers_checked: the guardrails have been over ``end_user``, ``trace`` and names; before that, no event has
            what the client chose of them.
        withheld: names, such as that of a model, in which guardrails found what they take out, and what stands for each
            in all that is kept of the request.
        notes: what one hook keeps from its first step to its last, by the hook's name; nobody else reads or logs it.
    """

    request_id: str
    route: str
    method: str
    client_address: str
    client_request_id: str | None = None
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.perf_counter)
    tenant: Tenant | None = None
    key_hash: str | None = None
    key_alias: str | None = None
    team_id: str | None = None
    team_alias: str | None = None
    user_id: str | None = None
    end_user: str | None = None
    call_type: str | None = None
    model: str | None = None
    stream: bool = False
    trace: Trace = field(default_factory=Trace)
    parameters: dict[str, Any] = field(default_factory=dict)
    input: Any = field(default=None, repr=False)
    output: Any = field(default=None, repr=False)
    content_taken: bool = False
    content_hash: str | None = None
    attempts: list[Attempt] = field(default_factory=list)
    identifiers_checked: bool = False
    withheld: dict[str, str] = field(default_factory=dict, repr=False)
    verdicts: list[Verdict] = field(default_factory=list)
    refusal: Refusal | None = None
    outcome: Outcome = field(default_factory=Outcome)
    status: int | None = None
    error_code: str | None = None
    stream_failed: bool = False
    aborted: bool = False
    seconds_to_response: float | None = None
    seconds_total: float | None = None
    failed_deployments: set[str] = field(default_factory=set)
    settled: bool = False
    recorded: bool = False
    ended: bool = False
    told: bool = False
    event_revision: int = 0
    notes: dict[str, Any] = field(default_factory=dict, repr=False)

    def refuse(self, refusal: Refusal) -> Refusal:
        """Remember the refusal for the error response and the event; returns it, to be raised."""
        self.refusal = refusal
        return refusal


_current: ContextVar[RequestContext | None] = ContextVar("inferspect_request", default=None)


def current() -> RequestContext | None:
    """The context of the request being served, or ``None`` outside of one (a health check, a scheduled job)."""
    return _current.get()


def activate(context: RequestContext) -> Token[RequestContext | None]:
    """Make ``context`` the current one; undo with :func:`deactivate`."""
    return _current.set(context)


def deactivate(token: Token[RequestContext | None]) -> None:
    _current.reset(token)
