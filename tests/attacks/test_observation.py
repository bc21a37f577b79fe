"""Attacks on what observes: the audit log, events and their deliveries, alerts, and the routes that show them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callbacks.events.outcome import from_logging_payload, from_response
from inferspect.context import Attempt, Outcome, RequestContext
from inferspect.events.event import event_of
from inferspect.events.shipper import Shipper
from inferspect.events.spool import Spool, SpooledEvent
from inferspect.settings import EventSettings
from inferspect.store.address import driver_url
from inferspect.store.events.writer import EventWriter
from inferspect.testing.gateway import GatewayProcess

SETTINGS = EventSettings(ship_every=0.01, ship_batch=10, settle_after=0.5)
HOUR = 3600.0


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(store_url), pool_size=2)
    yield made
    await made.dispose()


def served(**values: Any) -> RequestContext:
    context = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    for name, value in values.items():
        setattr(context, name, value)
    return context


def spooled(written_at: float | None = None, **values: Any) -> SpooledEvent:
    event = event_of(served(**values), 1, complete=False)
    return SpooledEvent(event.id, 1, False, written_at or time.time(), event.to_json())


async def stored(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT CAST(id AS text) FROM inferspect.events"))
        return set(rows.scalars())


async def test_a_clock_that_is_put_back_loses_no_event_of_a_worker_that_died(
    spool_folder: Path, engine: AsyncEngine
) -> None:
    """What it wrote an hour from now is adopted, before its spool is deleted."""
    dead = Spool(spool_folder)
    event = spooled(time.time() + HOUR)
    await dead.write(event)
    dead.close()
    own = Spool(spool_folder)
    try:
        shipping = asyncio.create_task(Shipper(own, EventWriter(engine), SETTINGS).run())
        while dead.path.exists():
            await asyncio.sleep(0.01)
        shipping.cancel()
        await asyncio.gather(shipping, return_exceptions=True)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


async def test_a_clock_that_is_put_back_loses_no_event_at_the_end_of_a_worker(
    spool_folder: Path, engine: AsyncEngine
) -> None:
    own = Spool(spool_folder)
    try:
        event = spooled(time.time() + HOUR)
        await own.write(event)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
async def test_a_clock_gone_mad_holds_up_no_other_event(
    moment: datetime, spool_folder: Path, engine: AsyncEngine
) -> None:
    """The event of a time that has no partition is set aside, and the shipper goes on."""
    own = Spool(spool_folder)
    try:
        mad, sane = spooled(received_at=moment), spooled()
        await own.write(mad)
        await own.write(sane)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert sane.id in await stored(engine)


@pytest.mark.parametrize(
    "parameters",
    [
        {"service_tier": "a\ud800"},
        {"service_tier": "a\0"},
        {"response_format": {"\0": [1, "\0"]}},
        {"response_format": {"x": 10**30}},
        {"temperature": float("nan")},
    ],
    ids=["surrogate", "NUL", "NUL within", "large number", "NaN"],
)
async def test_no_parameter_keeps_a_request_out_of_the_store(
    parameters: dict[str, Any], spool_folder: Path, engine: AsyncEngine
) -> None:
    """Nor out of the spool: a request whose event cannot be written would be in no audit log."""
    own = Spool(spool_folder)
    try:
        event = spooled(parameters=parameters)
        await own.write(event)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


async def test_no_name_of_a_model_keeps_a_request_out_of_the_store(spool_folder: Path, engine: AsyncEngine) -> None:
    """Its attempts say the model's name, too."""
    own = Spool(spool_folder)
    try:
        event = spooled(model="a\0\ud800", attempts=[Attempt("a\0\ud800", "b\0", "c\ud800", None, 0.1)])
        await own.write(event)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


@pytest.fixture
def spool_folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


ERRORS = Path(__file__).parents[2] / "docs" / "errors.md"
CODES = set(re.findall(r"`([a-z_]+)`", ERRORS.read_text(encoding="utf-8")))
NOBODY = str(uuid.UUID(int=0))


@dataclass(frozen=True)
class Tenant:
    """A tenant with a key of an administrator and one of a mere member."""

    id: str
    admin: str
    member: str


@pytest.fixture(scope="module")
def make_tenant(gateway: GatewayProcess) -> Callable[..., Tenant]:
    def make(team_id: str | None = None) -> Tenant:
        with gateway.client() as client:
            people = []
            for _ in range(2):
                made = client.post("/user/new", json={"user_role": "internal_user", "auto_create_key": False})
                people.append(made.raise_for_status().json()["user_id"])
            roles = [{"role": role, "user_id": one} for role, one in zip(("admin", "user"), people, strict=True)]
            body = {"team_alias": f"t-{uuid.uuid4().hex[:8]}", "members_with_roles": roles}
            if team_id is not None:
                body["team_id"] = team_id
            team = client.post("/team/new", json=body).raise_for_status().json()["team_id"]
            keys = [
                client.post("/key/generate", json={"team_id": team, "user_id": one}).raise_for_status().json()["key"]
                for one in people
            ]
        return Tenant(team, *keys)

    return make


@pytest.fixture(scope="module")
def ours(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()


@pytest.fixture(scope="module")
def theirs(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()


RULE = {"name": "errors", "condition": {"type": "error_rate"}}
SILENCE = {"rule": "*", "duration": "1h", "reason": "an attack"}
DEAD_LETTERS = "/api/v1/events/dead-letters"
# What an administrator of a tenant may ask for its own tenant.
TENANT_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/v1/audit", None),
    ("GET", "/api/v1/audit/export", None),
    ("GET", "/api/v1/alerts", None),
    ("GET", "/api/v1/alert-rules", None),
    ("GET", "/api/v1/alert-rules/errors", None),
    ("POST", "/api/v1/alert-rules/evaluate", None),
    ("POST", "/api/v1/alert-rules", RULE),
    ("PUT", "/api/v1/alert-rules/errors", RULE),
    ("DELETE", "/api/v1/alert-rules/errors", None),
    ("GET", "/api/v1/alert-silences", None),
    ("POST", "/api/v1/alert-silences", SILENCE),
    ("DELETE", f"/api/v1/alert-silences/{NOBODY}", None),
    ("GET", "/api/v1/alert-channels", None),
    ("POST", "/api/v1/alert-channels/mail/test", None),
]
# What only the platform's may ask.
PLATFORM_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", DEAD_LETTERS, None),
    ("GET", f"{DEAD_LETTERS}/langfuse/{NOBODY}", None),
    ("POST", f"{DEAD_LETTERS}/replay", {"older_than": 0}),
    ("DELETE", DEAD_LETTERS, {"older_than": 0}),
]


def told(response: httpx.Response) -> str:
    """The code of an error in the API's own shape."""
    error = response.json()["error"]
    assert error["message"], error
    assert error["code"] in CODES, error
    assert "Traceback" not in response.text
    assert "psycopg" not in response.text
    assert "sqlalchemy" not in response.text
    return str(error["code"])


@pytest.mark.parametrize("of", ["theirs", "default", "platform", "anchors", NOBODY, "' OR true --", "x" * 2000, "%"])
@pytest.mark.parametrize(("method", "path", "body"), TENANT_ROUTES)
def test_no_tenant_comes_at_another(  # noqa: PLR0917  a parameter for each thing that varies
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant, method: str, path: str, body: Any, of: str
) -> None:
    """Not its administrators either, whatever tenant they name, in the address or twice in it."""
    named = theirs.id if of == "theirs" else of
    for key in (ours.admin, ours.member):
        with gateway.client(key) as client:
            for query in ([("tenant_id", named)], [("tenant_id", ours.id), ("tenant_id", named)]):
                response = client.request(method, path, params=query, json=body)
                assert response.status_code == 403, response.text
                assert told(response) == "not_tenant_admin"


@pytest.mark.parametrize(("method", "path", "body"), TENANT_ROUTES)
def test_a_member_administers_nothing(gateway: GatewayProcess, ours: Tenant, method: str, path: str, body: Any) -> None:
    """Nor does a key without a team, also where it names the tenant of such keys."""
    with gateway.client() as admin:
        teamless = admin.post("/key/generate", json={}).raise_for_status().json()["key"]
    for key, query in (
        (ours.member, {}),
        (ours.member, {"tenant_id": ours.id}),
        (ours.member, {"tenant_id": ""}),
        (teamless, {}),
        (teamless, {"tenant_id": "default"}),
        (teamless, {"tenant_id": ours.id}),
    ):
        with gateway.client(key) as client:
            response = client.request(method, path, params=query, json=body)
            assert response.status_code == 403, response.text
            assert told(response) == "not_tenant_admin"


@pytest.mark.parametrize(("method", "path", "body"), PLATFORM_ROUTES)
def test_dead_letters_are_the_platforms(
    gateway: GatewayProcess, ours: Tenant, method: str, path: str, body: Any
) -> None:
    for key in (ours.admin, ours.member):
        with gateway.client(key) as client:
            response = client.request(method, path, json=body)
            assert (response.status_code, told(response)) == (403, "not_platform_admin")


@pytest.mark.parametrize("path", ["/api/v1/audit/verify", "/api/v1/guardrails/preview"])
@pytest.mark.parametrize("of", ["theirs", "default", "platform", ["a"], {"a": 1}, 1, "x" * 2000])
def test_no_tenant_comes_at_another_by_a_body(
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant, path: str, of: Any
) -> None:
    body = {"tenant_id": theirs.id if of == "theirs" else of}
    body |= {"text": "Hello"} if path.endswith("preview") else {}
    for key in (ours.admin, ours.member):
        with gateway.client(key) as client:
            response = client.post(path, json=body)
            assert response.status_code in {403, 422}, response.text
            assert told(response) in {"not_tenant_admin", "invalid_request"}


@pytest.mark.parametrize("state", ["blocked", "expired", "deleted", "invented"])
def test_a_key_that_is_no_good_reads_nothing(gateway: GatewayProcess, ours: Tenant, state: str) -> None:
    with gateway.client() as admin:
        owner = gateway.query('SELECT members_with_roles AS m FROM "LiteLLM_TeamTable" WHERE team_id = %s', ours.id)
        user = next(one["user_id"] for one in owner[0]["m"] if one["role"] == "admin")
        fields = {"team_id": ours.id, "user_id": user}
        fields |= {"duration": "1s"} if state == "expired" else {}
        key = admin.post("/key/generate", json=fields).raise_for_status().json()["key"]
        if state == "blocked":
            admin.post("/key/block", json={"key": key}).raise_for_status()
        if state == "deleted":
            admin.post("/key/delete", json={"keys": [key]}).raise_for_status()
        if state == "invented":
            key = "sk-" + "invented-0123456789"
    if state == "expired":
        time.sleep(1.5)
    for method, path, body in TENANT_ROUTES:
        with gateway.client(key) as client:
            response = client.request(method, path, json=body)
            assert response.status_code == 401, (method, path, response.text)
            told(response)


def test_a_team_that_is_called_default_is_not_the_platform(
    gateway: GatewayProcess, make_tenant: Callable[..., Tenant]
) -> None:
    """Its keys share a tenant with those without a team, and read neither theirs nor the platform's audit log."""
    tenant = make_tenant("default")
    for key in (tenant.admin, tenant.member):
        with gateway.client(key) as client:
            for name in (None, "default", "platform", "anchors"):
                response = client.get("/api/v1/audit", params={} if name is None else {"tenant_id": name})
                assert response.status_code == 403, response.text


def test_a_forged_cursor_leads_into_no_other_chain(gateway: GatewayProcess, ours: Tenant, theirs: Tenant) -> None:
    """The cursor says where to go on, not where one may go."""
    for chain in (f"tenant/{theirs.id}", "platform", "zzz"):
        cursor = base64.urlsafe_b64encode(json.dumps([chain, 2**62]).encode()).decode()
        with gateway.client(ours.admin) as client:
            page = client.get("/api/v1/audit", params={"cursor": cursor}).raise_for_status().json()
        assert all(entry["tenant_id"] == ours.id for entry in page["entries"])


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


def test_a_selection_of_nulls_is_no_selection(gateway: GatewayProcess) -> None:
    """It would have been one of all dead letters."""
    for body in ({}, {"consumer": None}, {"id": None, "tenant_id": None, "older_than": None, "consumer": None}):
        with gateway.client() as admin:
            for method, path in (("POST", f"{DEAD_LETTERS}/replay"), ("DELETE", DEAD_LETTERS)):
                response = admin.request(method, path, json=body)
                assert (response.status_code, told(response)) == (400, "selection_empty")


def recorded(gateway: GatewayProcess, response: httpx.Response) -> list[dict[str, Any]]:
    """Entries of a management action, the intent first."""
    request = uuid.UUID(response.headers["x-request-id"])
    return gateway.query("SELECT * FROM inferspect.audit_log WHERE event_id = %s ORDER BY revision, chain", request)


SETTING = {"field_name": "alerting_threshold", "field_value": 299, "config_type": "general_settings"}
HIDDEN = [
    b'{"max_budget": 7, "x": NaN, %s}',
    b'{"max_budget": 7, "x": "\\ud800", %s}',
    b'{"max_budget": 7, "x": "' + b"x" * 1_200_000 + b'", %s}',
    b'{"max_budget": 7, "team_ids": [' + b",".join(b'"!%d"' % i for i in range(600)) + b"], %s}",
]


@pytest.mark.parametrize("body", HIDDEN, ids=["NaN", "surrogate", "long", "many"])
def test_no_form_of_a_body_hides_an_action(
    gateway: GatewayProcess, make_tenant: Callable[..., Tenant], body: bytes
) -> None:
    """It is in the tenant's chain, with what has changed, whatever LiteLLM's reader takes and ours may not."""
    tenant = make_tenant()
    with gateway.client() as admin:
        content = body.replace(b"%s", b'"team_id": "' + tenant.id.encode() + b'"')
        response = admin.post("/team/update", content=content, headers={"content-type": "application/json"})
    entries = recorded(gateway, response)
    assert {entry["chain"] for entry in entries} == {f"tenant/{tenant.id}"}
    if response.status_code < 400:
        (change,) = [one for one in entries[-1]["details"]["changes"] if one["kind"] == "team"]
        assert change["after"]["max_budget"] == 7


def test_no_refused_action_shows_a_tenant_what_is_anothers(
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant
) -> None:
    """What LiteLLM would not tell, an administrator reads in no entry of the own chain, either."""
    with gateway.client() as admin:
        email = f"{uuid.uuid4().hex}@other.example"
        admin.post("/user/new", json={"user_email": email, "user_role": "internal_user", "auto_create_key": False})
        admin.post("/config/field/update", json=SETTING).raise_for_status()
    with gateway.client(ours.admin) as client:
        client.post("/user/update", json={"user_email": email})
        client.post("/config/update", json={})
        client.post("/key/update", json={"key": theirs.admin})
        client.post("/team/update", json={"team_id": theirs.id})
        read = client.get("/api/v1/audit", params={"limit": 500}).raise_for_status().json()["entries"]
    rows = [row for entry in read for row in entry["details"].get("before", ())]
    assert {row["kind"] for row in rows} <= {"team", "key", "alert rule", "alert silence"}
    assert {row["row"].get("team_id") or row["row"]["owner"] for row in rows} <= {ours.id}
    assert {entry["chain"] for entry in read} == {f"tenant/{ours.id}"}


@pytest.mark.parametrize("announced", [True, False])
def test_no_size_hides_an_action(gateway: GatewayProcess, ours: Tenant, announced: bool) -> None:
    """One that is refused for it is an attempt; it takes no more room than others."""
    body = b'{"team_id": "' + ours.id.encode() + b'", "x": "' + b"x" * 12_000_000 + b'"}'
    content = body if announced else (body[start : start + 2**20] for start in range(0, len(body), 2**20))
    with gateway.client(ours.admin) as client:
        response = client.post("/team/update", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 413
    entries = recorded(gateway, response)
    assert [(entry["decision"], entry["status"]) for entry in entries] == [("intent", None), ("failure", 413)]
    assert len(json.dumps([entry["details"] for entry in entries])) < 65_536


@pytest.mark.parametrize("name", ["info", "mcp"])
def test_no_name_hides_an_action(gateway: GatewayProcess, make_tenant: Callable[..., Tenant], name: str) -> None:
    """A team, a credential and a rule may be called as a look-up is."""
    make_tenant(name)
    with gateway.client() as admin:
        rule = admin.post("/api/v1/alert-rules", json={**RULE, "name": name})
        assert rule.status_code == 201, rule.text
        actions = [
            admin.patch(f"/team/{name}", json={"max_budget": 5}),
            admin.delete(f"/api/v1/alert-rules/{name}"),
            admin.delete(f"/credentials/{name}"),
            admin.delete(f"/scim/v2/Users/{name}"),
            admin.post("/team/delete", json={"team_ids": [name]}),
        ]
    for action in actions:
        if "route_not_governed" in action.text:  # it looks like a session of an MCP server, which is closed to all
            continue
        assert [entry["decision"] for entry in recorded(gateway, action)][:1] == ["intent"], action.request.url


@pytest.mark.parametrize(
    "headers",
    [
        {"x-litellm-api-key": "{other}"},
        {"api-key": "{other}"},
        {"x-api-key": "{other}"},
        {"x-goog-api-key": "{other}"},
        {"x-http-method-override": "GET"},
        {"x-litellm-changed-by": "somebody else"},
        {"x-forwarded-for": "203.0.113.9"},
    ],
)
def test_nobody_acts_in_the_name_of_another(
    gateway: GatewayProcess, ours: Tenant, theirs: Tenant, headers: dict[str, str]
) -> None:
    """The key that LiteLLM lets act is the one in the log, whatever else is sent along."""
    sent = {name: value.replace("{other}", theirs.admin) for name, value in headers.items()}
    with gateway.client(ours.admin) as client:
        response = client.post("/key/generate", json={"metadata": {"a": 1}}, headers=sent)
        made = response.json()
    intent = recorded(gateway, response)[0]
    assert intent["address"] == "127.0.0.1"
    if response.status_code < 400:
        owner = gateway.query('SELECT user_id FROM "LiteLLM_VerificationToken" WHERE token = %s', made["token"])
        assert owner[0]["user_id"] == intent["user_id"]


@pytest.mark.parametrize("body", [{"team_id": "\0"}, {"team_id": "a\0b", "team_alias": "\0"}, {"key": "\0"}])
def test_a_name_that_no_database_can_hold_keeps_no_action_from_being_recorded(
    gateway: GatewayProcess, body: dict[str, Any]
) -> None:
    with gateway.client() as admin:
        for path in ("/team/update", "/key/update"):
            response = admin.post(path, json=body)
            assert response.status_code != 503, response.text
            assert [entry["decision"] for entry in recorded(gateway, response)][:1] == ["intent"]


def test_silences_are_bounded(gateway: GatewayProcess, make_tenant: Callable[..., Tenant]) -> None:
    """Each look at a rule reads them all."""
    tenant = make_tenant()
    with gateway.client(tenant.admin) as client:
        for _ in range(200):
            client.post("/api/v1/alert-silences", json=SILENCE).raise_for_status()
        response = client.post("/api/v1/alert-silences", json=SILENCE)
    assert (response.status_code, told(response)) == (409, "alert_silences_too_many")


def test_figures_of_a_provider_beyond_measure_are_an_event_all_the_same() -> None:
    """No sum of tokens leaves the column, and no infinite cost the counters of Prometheus."""
    outcome = Outcome()
    usage = {"prompt_tokens": 2**31 - 1, "completion_tokens": 2**31 - 1}
    for cost in (float("inf"), float("nan"), True):
        from_response({"usage": usage, "_hidden_params": {"response_cost": cost}}, outcome)
        from_logging_payload({"prompt_tokens": 2**40, "total_tokens": -1, "response_cost": cost}, outcome)
    assert (outcome.prompt_tokens, outcome.total_tokens) == (2**31 - 1, 2**31 - 1)
    assert outcome.cost in {None, 1.0}
