from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import threading
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from inferspect.http.error_shape import ErrorShapeMiddleware
from inferspect.http.management.action import Action, Outcome
from inferspect.http.management.actions import LONGEST_BODY, ManagementActionsMiddleware
from inferspect.http.management.actor import key_of
from inferspect.http.management.journal import ManagementJournal
from inferspect.http.management.targets import MOST_TARGETS
from inferspect.http.request_context import RequestContextMiddleware
from inferspect.refusal import Refusal
from inferspect.store.address import driver_url
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.log import AuditLog

MASTER = "sk-" + "master-of-this-test"
MEMBER = "sk-" + "member-of-this-test"
NOBODY = str(uuid.UUID(int=0))
CHANGES: dict[str, tuple[str, Any]] = {
    "/team/update": ("UPDATE \"LiteLLM_TeamTable\" SET max_budget = 5 WHERE team_id = 'acme'", {"team_id": "acme"}),
    "/team/delete": ('DELETE FROM "LiteLLM_TeamTable"', 2),
    "/key/moves": ("UPDATE \"LiteLLM_VerificationToken\" SET team_id = 'other'", {}),
    "/key/bulk_update": ("UPDATE \"LiteLLM_VerificationToken\" SET key_alias = 'b'", {}),
    "/key/bulk_delete": ('DELETE FROM "LiteLLM_VerificationToken"', {}),
    "/api/v1/alert-silences": (
        (
            "INSERT INTO inferspect.alert_silences (id, owner, labels, starts_at, ends_at, reason, author)"
            " VALUES ('00000000-0000-0000-0000-000000000000', 'acme', '{}', now(), now(), 'quiet', 'ada')"
        ),
        {"id": NOBODY},
    ),
}
LITELLM = """
CREATE TABLE "LiteLLM_VerificationToken" (token text PRIMARY KEY, key_alias text, user_id text, team_id text);
CREATE TABLE "LiteLLM_UserTable" (user_id text PRIMARY KEY, user_role text, user_email text);
CREATE TABLE "LiteLLM_TeamTable" (team_id text PRIMARY KEY, team_alias text, max_budget float);
CREATE TABLE "LiteLLM_Config" (param_name text PRIMARY KEY, param_value jsonb);
INSERT INTO "LiteLLM_Config" VALUES ('general_settings', '{"alerting": ["slack"]}');
INSERT INTO "LiteLLM_TeamTable" VALUES ('acme', 'Acme', 1), ('other', 'Other', 2);
INSERT INTO "LiteLLM_UserTable" VALUES ('ada', 'internal_user', 'ada@example.com'),
    ('victim', 'internal_user', 'victim@other.example');
"""


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    """With as much of LiteLLM's tables as is looked at here."""
    made = create_async_engine(driver_url(store_url))
    async with made.begin() as connection:
        for statement in LITELLM.split(";"):
            if statement.strip():
                await connection.execute(text(statement))
        token = hashlib.sha256(MEMBER.encode()).hexdigest()
        statement = "INSERT INTO \"LiteLLM_VerificationToken\" VALUES (:token, 'ada-1', 'ada', 'acme')"
        await connection.execute(text(statement), {"token": token})
    yield made
    await made.dispose()


class Application:
    """What stands behind the middleware: it does as its path says."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.seen: list[list[str]] = []

    async def entries(self) -> list[dict[str, Any]]:
        statement = text("SELECT * FROM inferspect.audit_log ORDER BY recorded_at, chain")
        async with self.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]

    async def answer(self, request: Request) -> Response:
        self.seen.append([entry["decision"] for entry in await self.entries()])
        body = await request.body()
        if request.url.path in CHANGES:
            statement, told = CHANGES[request.url.path]
            async with self.engine.begin() as connection:
                await connection.execute(text(statement))
            return JSONResponse(told)
        if request.url.path == "/fails":
            raise ZeroDivisionError
        if request.url.path == "/streams":

            async def parts() -> AsyncIterator[bytes]:
                self.seen.append([entry["decision"] for entry in await self.entries()])
                yield b"data: 1\n\n"
                yield b"data: 2\n\n"

            return StreamingResponse(parts(), media_type="text/event-stream")
        if request.url.path == "/config/zipped":
            zipped = gzip.compress(b'{"error": {"message": "no", "code": "some_reason"}}')
            return Response(zipped, 400, {"content-encoding": "gzip", "content-type": "application/json"})
        return JSONResponse({"length": len(body)})


@pytest.fixture
def inner(engine: AsyncEngine) -> Application:
    return Application(engine)


@pytest.fixture
def journal(engine: AsyncEngine) -> ManagementJournal:
    return ManagementJournal(engine, AuditLog(engine, AuditKeys("salt-of-a-test")), MASTER)


def with_middleware(app: Any) -> Any:
    """A middleware further in that raises."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/refuses":
            raise Refusal(403, "not_platform_admin", "no")
        if scope["path"] in {"/breaks", "/key/bulk_fails"}:
            raise ZeroDivisionError
        await app(scope, receive, send)

    return middleware


@pytest.fixture
def client(inner: Application, journal: ManagementJournal) -> httpx.AsyncClient:
    app: Any = Starlette(
        routes=[Route("/{path:path}", inner.answer, methods=["GET", "POST", "DELETE", "PATCH", "PUT"])]
    )
    app = ManagementActionsMiddleware(with_middleware(app), journal, lambda path: path.startswith("/v1/chat"))
    app = RequestContextMiddleware(ErrorShapeMiddleware(app, lambda _path: False))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 1))
    return httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers={"Authorization": f"Bearer {MASTER}"}
    )


async def test_the_intent_is_there_before_and_the_outcome_before_the_answer(
    client: httpx.AsyncClient, inner: Application
) -> None:
    """With what the row was, what it is, and who did it from where."""
    response = await client.post("/team/update", json={"team_id": "acme", "max_budget": 5})
    assert response.status_code == 200
    assert inner.seen == [["intent"]]
    intent, outcome = await inner.entries()
    assert str(intent["event_id"]) == str(outcome["event_id"]) == response.headers["x-request-id"]
    assert (intent["role"], intent["address"], intent["chain"]) == ("proxy_admin", "192.0.2.7", "tenant/acme")
    assert intent["details"]["before"][0]["row"]["max_budget"] == 1
    assert outcome["details"]["changes"] == [
        {"kind": "team", "id": "acme", "before": {"max_budget": 1}, "after": {"max_budget": 5}}
    ]
    assert (outcome["decision"], outcome["status"]) == ("success", 200)


async def test_a_member_of_a_tenant_is_told_by_the_key(client: httpx.AsyncClient, inner: Application) -> None:
    await client.post("/anything", json={}, headers={"Authorization": f"Bearer {MEMBER}"})
    intent, _ = await inner.entries()
    assert (intent["key_alias"], intent["user_id"], intent["role"]) == ("ada-1", "ada", "internal_user")
    assert intent["chain"] == "tenant/acme"


async def test_an_action_about_several_tenants_is_in_the_chain_of_each(
    client: httpx.AsyncClient, inner: Application
) -> None:
    """Each sees its own rows alone; the platform sees all."""
    await client.post("/team/delete", json={"team_ids": ["acme", "other", "invented"]})
    found = [entry for entry in await inner.entries() if entry["decision"] == "success"]
    told = {entry["chain"]: [change["id"] for change in entry["details"]["changes"]] for entry in found}
    assert told == {"platform": ["acme", "other"], "tenant/acme": ["acme"], "tenant/other": ["other"]}
    shown = {entry["chain"]: entry["details"].get("request") for entry in await inner.entries() if not entry["status"]}
    assert shown["tenant/acme"] is None
    assert shown["platform"] == {"team_ids": ["acme", "other", "invented"]}


@pytest.mark.parametrize(
    ("path", "body", "leaked"),
    [
        ("/user/update", {"user_email": "victim@other.example"}, "victim"),
        ("/user/update", {"user_id": "victim"}, "internal_user"),
        ("/config/update", {}, "slack"),
        ("/key/update", {"team_id": "acme", "key": "of-other"}, "of-other-1"),
        ("/team/update", {"team_id": "other"}, "Other"),
    ],
)
async def test_a_tenants_chain_has_no_row_of_anybody_else(
    client: httpx.AsyncClient, inner: Application, path: str, body: dict[str, Any], leaked: str
) -> None:
    """Whatever a key of the tenant names, whether or not LiteLLM allows it; the platform's chain has the row."""
    async with inner.engine.begin() as connection:
        statement = "INSERT INTO \"LiteLLM_VerificationToken\" VALUES ('of-other', 'of-other-1', NULL, 'other')"
        await connection.execute(text(statement))
    await client.post(path, json=body, headers={"Authorization": f"Bearer {MEMBER}"})
    rows = {
        entry["chain"]: str(entry["details"].get("before")) for entry in await inner.entries() if not entry["status"]
    }
    assert leaked not in rows.pop("tenant/acme", "")
    assert any(leaked in told for told in rows.values())


async def test_a_key_that_changes_hands_goes_from_one_chain_and_comes_in_the_other(
    client: httpx.AsyncClient, inner: Application
) -> None:
    """Neither tenant sees what it was, or is, with the other."""
    token = hashlib.sha256(MEMBER.encode()).hexdigest()
    await client.post("/key/moves", json={"key": token})
    done = [entry for entry in await inner.entries() if entry["status"]]
    told = {entry["chain"]: entry["details"]["changes"][0] for entry in done}
    assert told["tenant/acme"]["after"] is None
    assert told["tenant/other"]["before"] is None
    assert told["platform"]["after"]["team_id"] == "other"


async def test_a_rule_of_alerts_is_told_with_what_it_was(client: httpx.AsyncClient, inner: Application) -> None:
    """In the chain of the tenant that an administrator names; another tenant's rule of the same name is not shown."""
    async with inner.engine.begin() as connection:
        statement = (
            "INSERT INTO inferspect.alert_rules (owner, name, rule)"
            " SELECT owner, 'errors', to_jsonb(days) FROM unnest(ARRAY['acme', 'other', ''], ARRAY[1, 2, 3])"
            " AS t (owner, days)"
        )
        await connection.execute(text(statement))
    await client.put("/api/v1/alert-rules/errors?tenant_id=acme", json={"name": "errors"})
    await client.delete("/api/v1/alert-rules/errors", headers={"Authorization": f"Bearer {MEMBER}"})
    await client.delete("/api/v1/alert-rules/errors")
    entries = [entry for entry in await inner.entries() if not entry["status"]]
    told = [(entry["chain"], [one["row"]["rule"] for one in entry["details"]["before"]]) for entry in entries]
    assert told == [("tenant/acme", [1]), ("tenant/acme", [1]), ("platform", [3])]


async def test_a_silence_is_told_as_it_was_made(client: httpx.AsyncClient, inner: Application) -> None:
    """It is named by the answer."""
    await client.post("/api/v1/alert-silences", json={"rule": "*"}, headers={"Authorization": f"Bearer {MEMBER}"})
    (change,) = (await inner.entries())[-1]["details"]["changes"]
    assert (change["kind"], change["before"], change["after"]["reason"]) == ("alert silence", None, "quiet")


@pytest.mark.parametrize("path", ["/key/bulk_update", "/key/bulk_delete", "/key/bulk_fails"])
async def test_of_very_many_rows_the_same_are_compared_before_and_after(
    client: httpx.AsyncClient, inner: Application, path: str
) -> None:
    """However PostgreSQL orders them, no row comes or goes that did not; those that are left out are counted."""
    async with inner.engine.begin() as connection:
        statement = (
            "INSERT INTO \"LiteLLM_VerificationToken\" SELECT md5(n::text), 'a', NULL, 'acme'"
            " FROM generate_series(1, 300) AS n"
        )
        await connection.execute(text(statement))
        found = await connection.execute(text("SELECT token FROM \"LiteLLM_VerificationToken\" WHERE key_alias = 'a'"))
        tokens = list(found.scalars())
    await client.post(path, json={"keys": tokens})
    intent, outcome = await inner.entries()
    assert {row["id"] for row in intent["details"]["before"]} == set(sorted(tokens)[:MOST_TARGETS])
    changes = outcome["details"].get("changes", [])
    assert intent["details"]["left_out"] == outcome["details"]["left_out"] == 300 - MOST_TARGETS
    if path == "/key/bulk_fails":
        assert (outcome["decision"], changes) == ("unknown", [])
        return
    assert {change["id"] for change in changes} == set(sorted(tokens)[:MOST_TARGETS])
    assert {str(change["after"]) for change in changes} == {
        "/key/bulk_update": {"{'key_alias': 'b'}"},
        "/key/bulk_delete": {"None"},
    }[path]


@pytest.mark.parametrize(
    ("path", "decision", "reason", "status"),
    [
        ("/fails", "failure", "internal_error", 500),
        ("/breaks", "unknown", None, None),
        ("/refuses", "refused", "not_platform_admin", 403),
        ("/config/zipped", "failure", "some_reason", 400),
        ("/anything", "success", None, 200),
    ],
)
async def test_outcomes(  # noqa: PLR0917  what is sent and what is expected
    client: httpx.AsyncClient, inner: Application, path: str, decision: str, reason: str | None, status: int | None
) -> None:
    """What raises has no outcome that is known, unless it refuses; LiteLLM compresses long answers."""
    await client.post(path, json={})
    _, outcome = await inner.entries()
    assert (outcome["decision"], outcome["reason"], outcome["status"]) == (decision, reason, status)


@pytest.mark.parametrize(
    ("path", "routes"), [("/refuses", ["/refuses", "/refuses"]), ("/nothing/ada@example.com", ["/nothing/…"])]
)
async def test_what_is_sent_to_a_mistyped_address_is_not_kept(
    client: httpx.AsyncClient, inner: Application, path: str, routes: list[str]
) -> None:
    """It may be a prompt; only where something was done, so that it was an action, is it told what."""
    await client.post(f"{path}?note=private", json={"messages": "private"})
    entries = await inner.entries()
    undone = [entry for entry in entries if entry["decision"] != "success"]
    assert [entry["route"] for entry in undone] == routes
    assert "private" not in str([entry["details"] for entry in undone])
    done = [entry for entry in entries if entry["decision"] == "success"]
    assert all(entry["details"]["request"] == {"messages": "private"} for entry in done)


async def test_a_login_is_told_with_who_and_without_the_password(client: httpx.AsyncClient, inner: Application) -> None:
    """The form's fields are told once it was done."""
    form = {"username": "ada@example.com", "password": "correct horse"}
    await client.post("/login", data=form, headers={"Authorization": ""})
    intent, outcome = await inner.entries()
    assert outcome["details"]["request"]["username"] == ["ada@example.com"]
    assert outcome["details"]["request"]["password"][0].startswith("[secret ")
    assert "correct" not in str([intent, outcome])


async def test_a_form_names_tenants_as_json_does(client: httpx.AsyncClient, inner: Application) -> None:
    await client.post("/team/update", data={"team_id": "acme"})
    assert {entry["chain"] for entry in await inner.entries()} == {"tenant/acme"}


@pytest.mark.parametrize("body", [b"password=correct", b"--x\r\npassword", b"\xff", b"{" * 100_000])
async def test_of_what_cannot_be_read_nobody_tries_guesses(
    client: httpx.AsyncClient, inner: Application, body: bytes
) -> None:
    """Its fingerprint is keyed; the hash of the content would be the hash of a password."""
    await client.post("/config/update", content=body)
    told = str(await inner.entries())
    assert f"{len(body)} bytes, [secret " in told
    assert hashlib.sha256(body).hexdigest() not in told


async def test_no_action_takes_much_room_in_a_chain(client: httpx.AsyncClient, inner: Application) -> None:
    """Whoever sends it, and however large the rows are that it is about; its fingerprint stands for what is cut."""
    async with inner.engine.begin() as connection:
        statement = (
            "INSERT INTO \"LiteLLM_VerificationToken\" SELECT md5(n::text), repeat('é', 3000), NULL, 'other'"
            " FROM generate_series(1, 50) AS n"
        )
        await connection.execute(text(statement))
        found = await connection.execute(text('SELECT token FROM "LiteLLM_VerificationToken"'))
        tokens = list(found.scalars())
    body = {"team_id": "other", "keys": tokens, "notes": {str(number): "x" * 3_000 for number in range(3_000)}}
    await client.post("/team/update", json=body, headers={"Authorization": f"Bearer {MEMBER}"})
    entries = await inner.entries()
    assert max(len(json.dumps(entry["details"])) for entry in entries) < 64 * 1024
    whole = next(entry for entry in entries if entry["chain"] == "platform" and not entry["status"])
    assert "bytes, [secret " in whole["details"]["cut"]
    assert whole["details"]["left_out"] > 0
    assert whole["details"]["request"]["team_id"] == "other"


async def test_no_secret_is_looked_for_on_the_event_loop(engine: AsyncEngine) -> None:
    """A long body takes a while, in which the worker serves others."""
    threads = set()

    class Keys(AuditKeys):
        def fingerprint(self, secret: str | bytes) -> str:
            threads.add(threading.current_thread())
            return super().fingerprint(secret)

    journal = ManagementJournal(engine, AuditLog(engine, Keys("salt-of-a-test")), MASTER)
    action = Action(str(uuid.uuid4()), "POST", "/team/update", "", MASTER, b'{"password": "x"}')
    await journal.begin(action)
    await journal.end(action, Outcome(200))
    assert threads
    assert threading.main_thread() not in threads


async def test_a_cancelled_action_has_an_outcome_that_is_not_known(
    journal: ManagementJournal, inner: Application
) -> None:
    """The worker stops, or the client has left: the outcome is recorded all the same, before the task ends."""
    begun = asyncio.Event()

    async def hangs(_scope: Any, _receive: Any, _send: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def send(_message: Any) -> None:
        raise AssertionError

    middleware = ManagementActionsMiddleware(hangs, journal, lambda _path: False)
    scope = {"type": "http", "method": "POST", "path": "/config/update", "headers": [], "query_string": b""}
    task = asyncio.create_task(middleware(scope, receive, send))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [entry["decision"] for entry in await inner.entries()] == ["intent", "unknown"]


async def test_a_stream_is_recorded_when_it_begins(client: httpx.AsyncClient, inner: Application) -> None:
    """It passes part by part."""
    response = await client.post("/streams", json={})
    assert response.text == "data: 1\n\ndata: 2\n\n"
    assert inner.seen[-1] == ["intent", "success"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/team/update"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v2/key/info"),
        ("HEAD", "/x"),
        ("HEAD", "/sso/callback"),
        ("POST", "/auto_router/test_routing"),
    ],
)
async def test_what_is_no_action_is_not_recorded(
    client: httpx.AsyncClient, inner: Application, method: str, path: str
) -> None:
    await client.request(method, path)
    assert await inner.entries() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sso/callback"),
        ("POST", "/auto_router/shadow_eval/start"),
        ("POST", "/auto_router/shadow_eval/1/stop"),
        ("PUT", "/auto_router/classifier/default_prompt"),
    ],
)
async def test_what_is_an_action_by_its_effect_is_recorded(
    client: httpx.AsyncClient, inner: Application, method: str, path: str
) -> None:
    """A login by SSO makes users and keys, and a shadow evaluation sends requests to providers twice."""
    await client.request(method, path, params={"code": "a-code-of-this-login"})
    entries = await inner.entries()
    assert [entry["decision"] for entry in entries] == ["intent", "success"]
    assert "a-code-of-this-login" not in str(entries)


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b'"x"', b"x" * (LONGEST_BODY + 10), b"\xff"])
async def test_any_body_reaches_the_application_whole(client: httpx.AsyncClient, body: bytes) -> None:
    """Whether or not it can be read."""
    response = await client.post("/anything", content=body)
    assert response.json() == {"length": len(body)}


async def test_an_action_that_cannot_be_recorded_is_not_done(
    client: httpx.AsyncClient, inner: Application, engine: AsyncEngine
) -> None:
    """The log is closed to the gateway: 503, and LiteLLM never sees the request."""
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE inferspect.audit_log RENAME TO audit_log_away"))
    response = await client.post("/api/v1/anything", json={})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "audit_unavailable")
    assert inner.seen == []


async def test_an_outcome_that_cannot_be_recorded_leaves_the_intent(
    journal: ManagementJournal, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, inner: Application
) -> None:
    """The action is done, so its answer stands; the log says that the outcome is not known."""
    action = Action("00000000-0000-0000-0000-000000000001", "POST", "/config/update", "192.0.2.1", MASTER)
    await journal.begin(action)

    async def away(*_: Any) -> None:
        raise OperationalError("INSERT", {}, ConnectionError())

    monkeypatch.setattr(AuditLog, "record", away)
    await journal.end(action, Outcome(200))
    assert [entry["decision"] for entry in await inner.entries()] == ["intent"]


async def test_other_tables_of_litellm_do_not_stop_an_action(
    client: httpx.AsyncClient, inner: Application, engine: AsyncEngine
) -> None:
    """Of a LiteLLM that has none of this name: who it was is not known, that it was is recorded."""
    async with engine.begin() as connection:
        await connection.execute(text('DROP TABLE "LiteLLM_TeamTable"'))
    await client.post("/team/new", json={"team_id": "acme"})
    assert [entry["decision"] for entry in await inner.entries()] == ["intent", "success"]


@pytest.mark.parametrize(
    ("headers", "custom", "key"),
    [
        ({"authorization": "Bearer k"}, None, "k"),
        ({"authorization": "bearer k "}, None, "k"),
        ({"x-api-key": "k"}, None, "k"),
        ({"x-litellm-api-key": "Bearer k", "authorization": "Bearer other"}, None, "k"),
        ({"x-own": "Bearer k", "authorization": "Bearer other"}, "X-Own", "k"),
        ({"authorization": "Bearer other"}, "X-Own", None),
        ({}, None, None),
        ({"authorization": "Bearer "}, None, None),
    ],
)
def test_the_key_is_looked_for_where_litellm_does(headers: dict[str, str], custom: str | None, key: str | None) -> None:
    scope = {"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    assert key_of(scope, custom) == key
