"""Attacks on alerts: rules and silences that are wrong, extreme or too many."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.attacks.tenants import RULE, SILENCE, Tenant, told

WRONG_RULES: list[dict[str, Any]] = [
    {"labels": {"a": "x\0"}}, {"labels": {"a b": "x"}}, {"labels": {f"l{i}": "x" for i in range(21)}},
    {"window": "367d"}, {"window": "-5m"}, {"window": "9" * 400 + "d"}, {"window": 1e308}, {"window": "366d"},
    {"for": "inf"}, {"min_requests": 0}, {"min_requests": 2**80}, {"min_requests": 2**31},
    {"severity": "fatal"}, {"scope": ["x"] * 1001},
    {"condition": {"type": "quality", "score": "x\0", "below": 1}},
    {"condition": {"type": "error_rate", "above": "1e5%"}},
    {"condition": {"type": "quality", "score": "'; DROP TABLE inferspect.alerts; --", "below": 1}},
    {"condition": {"type": "latency", "percentile": 100}}, {"condition": {"type": "cost", "average_days": 10**6}},
    {"condition": {"type": "cost", "above": -1}}, {"runbook": "x" * 501}, {"name": "A B"}, {"name": "../x"},
    {"channels": ["{{ 7*7 }}"]}, {"every": "0s"}, {"repeat_every": "1s"}, {"unknown": 1}, {"name": "x" * 64},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_RULES)
def test_a_wrong_rule_is_refused(gateway: GatewayProcess, ours: Tenant, wrong: dict[str, Any]) -> None:
    for key in (None, ours.admin):
        with gateway.client(key) as client:
            response = client.post("/api/v1/alert-rules", json={**RULE, "name": "wrong", **wrong})
            assert 400 <= response.status_code < 500, response.text
            told(response)
            assert all(one["name"] != "wrong" for one in client.get("/api/v1/alert-rules").json()["rules"])


@pytest.mark.parametrize(
    "rule",
    [
        {"condition": {"type": "quality", "score": "Text Length", "above": 1e308}},
        {"condition": {"type": "quality", "score": "Response Time", "above": 0}, "window": "7d"},
        {"condition": {"type": "guardrail_spike", "guardrail": "x' OR 'a'='a", "baseline": "7d", "above": 1e308}},
        {"condition": {"type": "cost", "average_days": 31, "above": 1e308, "min_cost": 1e308}},
        {"min_requests": 10**9},
        {
            "condition": {"type": "cache_hit_rate", "used_within": "7d"},
            "labels": {"a": "{{ 7*7 }}", "b": "%s :y"},
        },
    ],
)
def test_a_rule_of_extremes_can_be_evaluated(gateway: GatewayProcess, ours: Tenant, rule: dict[str, Any]) -> None:
    """Nothing of it is run as SQL or as a template, and it sees the tenant's own figures only."""
    name = f"r{uuid.uuid4().hex[:8]}"
    with gateway.client(ours.admin) as client:
        response = client.post("/api/v1/alert-rules", json={**RULE, "name": name, **rule})
        assert response.status_code == 201, response.text
        found = client.post("/api/v1/alert-rules/evaluate").raise_for_status().json()["rules"]
        mine = next(one for one in found if one["name"] == name)
        assert "error" not in mine, mine
        assert {figure["tenant_id"] for figure in mine["figures"]} <= {ours.id}
        client.delete(f"/api/v1/alert-rules/{name}").raise_for_status()


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": "9999-12-31T00:00:00Z"},
        {"starts_at": "9999-12-31T23:59:59-14:00"},
        {"duration": "366d", "starts_at": "9999-01-01T00:00:00Z"},
        {"duration": None, "ends_at": "0001-01-01T00:00:00+14:00"},
        {"duration": None, "ends_at": "9999-12-31T23:59:59-14:00"},
        {"labels": {"a": "\0"}},
        {"rule": "\0"},
        {"reason": "\0"},
        {"tenant_id": "\0"},
        {"duration": "0s"},
        {"rule": None},
    ],
)
def test_a_wrong_silence_is_refused(gateway: GatewayProcess, ours: Tenant, wrong: dict[str, Any]) -> None:
    for key in (None, ours.admin):
        with gateway.client(key) as client:
            response = client.post("/api/v1/alert-silences", json={**SILENCE, **wrong})
            assert 400 <= response.status_code < 500, response.text
            told(response)


def test_silences_are_bounded(gateway: GatewayProcess, make_tenant: Callable[..., Tenant]) -> None:
    """Each look at a rule reads them all."""
    tenant = make_tenant()
    with gateway.client(tenant.admin) as client:
        for _ in range(200):
            client.post("/api/v1/alert-silences", json=SILENCE).raise_for_status()
        response = client.post("/api/v1/alert-silences", json=SILENCE)
    assert (response.status_code, told(response)) == (409, "alert_silences_too_many")
