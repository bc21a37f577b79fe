"""Attacks on the routes that show what was observed, by queries, paths and bodies that nobody expects."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.attacks.tenants import DEAD_LETTERS, NOBODY, RULE, told

CURSORS = [
    json.dumps(content)
    for content in (
        ["platform", float("inf")], ["platform", 10**30], ["platform", -1], ["platform", True], ["a\0", 1],
        ["\ud800", 1], [1, 1], ["a"], {"a": 1, "b": 2}, "ab", None,
    )
]  # fmt: skip
NUMBERS = ("-1", "0", "1e9", "99999999999999999999999", "nan", "inf", "-inf", "1e300", "", "x", "0x10", "1;drop")
TIMES = ("x", "0", "-1", "nan", "1e400", "0000-01-01", "9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00+14:00",
         "2026-02-30", "2026-01-01T00:00:00+99:99", "infinity", "99999999999999")  # fmt: skip
TEXTS = ("\0", "a\0b", "' OR 1=1 --", "\n", "x" * 6000, "\ud7ff\uffff", "%00")
QUERIES: list[tuple[str, str, tuple[str, ...]]] = [
    ("/api/v1/audit", "limit", NUMBERS),
    ("/api/v1/audit", "cursor", (*(base64.urlsafe_b64encode(one.encode()).decode() for one in CURSORS), *TEXTS)),
    ("/api/v1/audit", "since", TIMES),
    ("/api/v1/audit", "until", TIMES),
    *(("/api/v1/audit", name, TEXTS) for name in ("user_id", "key_hash", "decision", "kind", "request_id")),
    ("/api/v1/audit/export", "since", TIMES),
    ("/api/v1/audit/export", "format", TEXTS),
    ("/api/v1/audit/export", "tenant_id", TEXTS),
    ("/api/v1/alerts", "limit", NUMBERS),
    ("/api/v1/alerts", "cursor", (*(base64.urlsafe_b64encode(one.encode()).decode() for one in CURSORS), *TEXTS)),
    *(("/api/v1/alerts", name, TEXTS) for name in ("rule", "state", "tenant_id")),
    ("/api/v1/alert-rules", "tenant_id", TEXTS),
    ("/api/v1/alert-silences", "ended", TEXTS),
    ("/api/v1/alert-channels", "tenant_id", TEXTS),
    (DEAD_LETTERS, "limit", NUMBERS),
    (DEAD_LETTERS, "older_than", NUMBERS),
    *((DEAD_LETTERS, name, TEXTS) for name in ("consumer", "tenant_id")),
]


@pytest.mark.parametrize(("path", "name", "values"), QUERIES)
def test_no_query_is_an_error_of_the_gateways(
    gateway: GatewayProcess, path: str, name: str, values: tuple[str, ...]
) -> None:
    """What is wrong is refused in the API's shape; the rest is answered."""
    with gateway.client() as admin:
        for value in values:
            response = admin.get(f"{path}?{name}={quote(value, safe='', errors='surrogatepass')}")
            assert response.status_code < 500, (value[:40], response.text)
            if response.status_code >= 400:
                told(response)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/alert-rules/{}"),
        ("PUT", "/api/v1/alert-rules/{}"),
        ("DELETE", "/api/v1/alert-rules/{}"),
        ("DELETE", "/api/v1/alert-silences/{}"),
        ("POST", "/api/v1/alert-channels/{}/test"),
        ("GET", DEAD_LETTERS + "/{}/" + NOBODY),
        ("GET", DEAD_LETTERS + "/langfuse/{}"),
    ],
)
def test_no_path_is_an_error_of_the_gateways(gateway: GatewayProcess, method: str, path: str) -> None:
    with gateway.client() as admin:
        for name in ("%00", "a%00b", "%ED%A0%80", "%FF", "..%2f", "x" * 5000, "%27%20OR%201=1--", "%0d%0aa:b", "_"):
            body = RULE if method == "PUT" else None
            response = admin.request(method, path.format(name), json=body)
            assert 300 <= response.status_code < 500, (name, response.text)
            if response.status_code >= 400:
                told(response)


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


BODIES = [
    b"", b"[]", b"null", b"1", b"{", b"\xff\xfe", b'{"name": NaN}', b'{"name": Infinity, "older_than": Infinity}',
    b'{"name": "\\ud800", "reason": "\\ud800", "consumer": "\\ud800"}',
    b'{"name": "a\\u0000", "reason": "\\u0000", "consumer": "\\u0000", "text": "\\u0000"}',
    b'{"name": "a", "name": "b"}', b'{"unknown": 1}', b'{"older_than": -1}', b'{"older_than": 1e300}',
    b'{"older_than": "x"}', b'{"id": "x"}', b'{"id": null}', b'{"consumer": null, "tenant_id": null}',
    b'{"name": ["a"], "condition": []}', b'{"name": "a", "condition": {"type": "none"}}',
    b'{"since": "0001-01-01T00:00:00+14:00x"}', nested(50).encode(), nested(200).encode(), nested(100_000).encode(),
    b'{"name": "' + b"x" * 2_000_000 + b'"}', b"[" * 1_000_000, '{"name": "a"}'.encode("utf-16"),
]  # fmt: skip
WRITING = [
    ("POST", "/api/v1/alert-rules"),
    ("PUT", "/api/v1/alert-rules/not-there"),
    ("POST", "/api/v1/alert-silences"),
    ("POST", f"{DEAD_LETTERS}/replay"),
    ("DELETE", DEAD_LETTERS),
    ("POST", "/api/v1/guardrails/preview"),
]


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded+json", "text/plain"])
@pytest.mark.parametrize(("method", "path"), WRITING)
def test_no_body_is_an_error_of_the_gateways(gateway: GatewayProcess, method: str, path: str, kind: str) -> None:
    """Each of these is refused, and nothing of it is done."""
    with gateway.client() as admin:
        before = (admin.get("/api/v1/alert-rules").json(), admin.get("/api/v1/alert-silences").json())
        for body in BODIES:
            response = admin.request(method, path, content=body, headers={"content-type": kind})
            assert 400 <= response.status_code < 500, (body[:60], response.text)
            told(response)
        assert (admin.get("/api/v1/alert-rules").json(), admin.get("/api/v1/alert-silences").json()) == before


def test_a_selection_of_nulls_is_no_selection(gateway: GatewayProcess) -> None:
    """It would have been one of all dead letters."""
    for body in ({}, {"consumer": None}, {"id": None, "tenant_id": None, "older_than": None, "consumer": None}):
        with gateway.client() as admin:
            for method, path in (("POST", f"{DEAD_LETTERS}/replay"), ("DELETE", DEAD_LETTERS)):
                response = admin.request(method, path, json=body)
                assert (response.status_code, told(response)) == (400, "selection_empty")
