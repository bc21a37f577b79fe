"""Events of requests of each kind, as the gateway records them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from inferspect.events.event import GatewayEvent

OCCURRED = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
REQUEST_ID = "0191d2f0-7a3b-4c5d-8e6f-001122334455"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def attempt(started: float = 0.1, seconds: float | None = 0.3, **told: Any) -> dict[str, Any]:
    return {
        "model": "gpt-demo",
        "model_group": "demo",
        "provider": "openai",
        "deployment_id": "demo-1",
        "started": started,
        "seconds": seconds,
        "error_class": None,
        "error_status": None,
        **told,
    }


def verdict(guardrail: str = "pii", decision: str = "pass", direction: str = "input", **told: Any) -> dict[str, Any]:
    return {
        "guardrail": guardrail,
        "decision": decision,
        "direction": direction,
        "counts": {},
        "code": None,
        "seconds": 0.01,
        "dry_run": False,
        "started": None,
        **told,
    }


PLAIN = GatewayEvent(
    id=REQUEST_ID,
    revision=2,
    complete=True,
    occurred_at=OCCURRED,
    tenant_id="team-1",
    tenant_alias="Team One",
    key_hash="0" * 64,
    key_alias="alias",
    user_id="developer",
    end_user="customer",
    client_address="127.0.0.1",
    client_request_id=None,
    method="POST",
    route="/v1/chat/completions",
    call_type="acompletion",
    model="demo",
    model_served="gpt-demo-2026",
    provider="openai",
    deployment_id="demo-1",
    stream=False,
    result="success",
    status=200,
    code=None,
    error_class=None,
    prompt_tokens=100,
    completion_tokens=40,
    total_tokens=140,
    cost=0.0012,
    finish_reason="stop",
    seconds_to_response=0.5,
    seconds_total=0.5,
    parameters={"temperature": 0.2, "max_tokens": 50},
    attempts=[attempt()],
)


def event(**changed: Any) -> GatewayEvent:
    """The plain one, but for what is given."""
    return replace(PLAIN, **changed)
