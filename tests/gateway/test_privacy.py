"""Personal data of a prompt leaves the gateway nowhere: not to the provider, nor to a log, spool, cache or table."""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.guarding import OPENAI, ROUTES, ask, script_of
from tests.gateway.planting import written

PATHS = ["chat/completions", "completions", "embeddings", "responses", "messages"]


def made_up_card() -> str:
    """A card number of nobody, whose check digit is right (Luhn's formula)."""
    digits = [4, 5, 5, 6, *random.choices(range(10), k=11)]
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))


class Secrets:
    """An e-mail address, a card number and a token that nothing else mentions, so that a trace of them is a leak."""

    made: ClassVar[list[Secrets]] = []

    def __init__(self) -> None:
        self.mailbox = f"person{uuid.uuid4().hex[:12]}"
        self.card = made_up_card()
        self.token = f"{uuid.uuid4().hex}{uuid.uuid4().hex}"[:36]
        self.text = f"My mail is {self.mailbox}@example.com, my card is {self.card}, my token is {'gh'}p_{self.token}."
        self.made.append(self)

    def are_in(self, text: str) -> bool:
        return any(value in text for value in self.values)

    @property
    def values(self) -> tuple[str, str, str]:
        return self.mailbox, self.card, self.token


def body_of(path: str, secrets: Secrets, *, parts: bool, model: str = "sim/echo", **fields: Any) -> dict[str, Any]:
    text: Any = secrets.text
    base: dict[str, Any] = {"model": model, **fields}
    if path in ("completions", "embeddings"):
        return {**base, "prompt" if path == "completions" else "input": [text] if parts else text}
    if path == "responses":
        items = [{"role": "user", "content": [{"type": "input_text", "text": text}]}]
        return {**base, "input": items if parts else text, "instructions": text}
    content = [{"type": "text", "text": text}] if parts else text
    if path == "messages":
        return {**base, "max_tokens": 50, "system": text, "messages": [{"role": "user", "content": content}]}
    system = {"role": "system", "content": text}
    return {**base, "messages": [system, {"role": "user", "content": content}]}


def places_that_hold(gateway: GatewayProcess, *secrets: Secrets) -> list[str]:
    """Every file of the data folder, every table, and what was ever written to Redis, with a trace of the secrets."""
    pattern = "|".join(value for one in secrets for value in one.values)
    # Of Redis, too: it writes each command that changes something to a file.
    files = written(gateway, "postgres", "run", "credentials.json")
    found = [path.name for path, content in files if re.search(pattern, content.decode("utf-8", "replace"))]
    tables = gateway.query(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables"
        " WHERE schemaname IN ('public', 'inferspect')"
    )
    searches = (
        f"SELECT '{table['name']}' AS place FROM {table['name']} AS row WHERE row::text ~ %s"  # noqa: S608  names from the catalogue
        for table in tables
    )
    rows = gateway.query(" UNION ".join(searches), *[pattern] * len(tables))
    return found + [row["place"] for row in rows]


def test_the_search_for_traces_finds_what_there_is(gateway: GatewayProcess, key: str) -> None:
    """Values that were masked nowhere are found by the search that the other tests rely on: in tables, and in Redis."""
    mark = Secrets()
    with gateway.client(key) as client:
        response = client.post("/v1/chat/completions", json={"model": mark.mailbox, "messages": [], "user": mark.card})
        assert response.status_code == httpx.codes.NOT_FOUND
        while not any("inferspect.events" in place for place in places_that_hold(gateway, mark)):
            time.sleep(0.2)
    Secrets.made.remove(mark)
    cached = Secrets()
    with gateway.client(gateway.new_key(rules={"pii": {"enabled": False}, "secrets": {"enabled": False}})) as client:
        body = body_of("chat/completions", cached, parts=False, cache={"use-cache": True})
        client.post("/v1/chat/completions", json=body).raise_for_status()
        while not any("appendonly" in place for place in places_that_hold(gateway, cached)):
            time.sleep(0.2)
    Secrets.made.remove(cached)


@pytest.fixture
def nothing_left(gateway: GatewayProcess, event_of: Callable[[str], dict[str, Any]]) -> Callable[..., None]:
    """Checks, once their events are stored, that nothing has a trace of some requests."""

    def check(secrets: Secrets, *responses: httpx.Response) -> None:
        for response in responses:
            event_of(response.headers["x-request-id"])
        assert places_that_hold(gateway, secrets) == []

    return check


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("parts", [False, True], ids=["string", "parts"])
def test_neither_mail_nor_card_leaves_the_gateway(
    gateway: GatewayProcess, upstream: UpstreamSimulator, key: str, path: str, parts: bool
) -> None:
    """The provider receives placeholders, whichever endpoint was called and however the text was put."""
    secrets = Secrets()
    upstream.clear()
    with gateway.client(key) as client:
        response = client.post(f"/v1/{path}", json=body_of(path, secrets, parts=parts))
    assert response.status_code == httpx.codes.OK, response.text
    received = [request for request in upstream.received if "<EMAIL_ADDRESS>" in request.text]
    assert len(received) == 1
    assert "<CREDIT_CARD>" in received[0].text
    assert "<SECRET_TOKEN>" in received[0].text
    assert not any(secrets.are_in(request.text) for request in upstream.received)


def test_nothing_is_left_of_served_requests(
    gateway: GatewayProcess, key: str, nothing_left: Callable[..., None]
) -> None:
    """Requests of every endpoint, whole and streamed, leave no trace of personal data in files and tables."""
    secrets = Secrets()
    responses = []
    with gateway.client(key) as client:
        for path in PATHS:
            responses.append(client.post(f"/v1/{path}", json=body_of(path, secrets, parts=True)))
            if path != "embeddings":
                streamed = body_of(path, secrets, parts=False, stream=True)
                responses.append(client.post(f"/v1/{path}", json=streamed))
    assert {response.status_code for response in responses} == {200}
    nothing_left(secrets, *responses)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("model", ["sim/error-400", "sim/error-500", "sim/cut-stream-after-1", "no-such-model"])
def test_nothing_is_left_of_a_failed_request(
    gateway: GatewayProcess, key: str, nothing_left: Callable[..., None], path: str, model: str
) -> None:
    """A request that the provider fails, or that asks for no model, leaves no trace either, nor does its error."""
    secrets = Secrets()
    with gateway.client(key) as client:
        response = client.post(f"/v1/{path}", json=body_of(path, secrets, parts=False, model=model))
    assert response.status_code >= httpx.codes.BAD_REQUEST
    assert not secrets.are_in(response.text)
    nothing_left(secrets, response)


@pytest.mark.parametrize(("path", "model"), ROUTES)
@pytest.mark.parametrize("behaviour", ["echo", "echo+cut-stream-after-9", "fail-mid-stream", "error-500"])
def test_nothing_is_left_of_a_stream(
    *,
    gateway: GatewayProcess,
    scripted: UpstreamSimulator,
    key: str,
    path: str,
    model: str,
    behaviour: str,
) -> None:
    """Whether it ends well, breaks off or fails, in prompt and answer, asked to be cached and not."""
    secrets = Secrets()
    mark, rule = script_of(f"Of course. {secrets.text}", 3, reasoning="" if path == "completions" else secrets.text)
    scripted.script = [rule]
    scripted.set_behaviours({"*": behaviour})
    answers = [
        ask(gateway, key, path, text, model, stream=True, cache=cache, num_retries=0)
        for text in (f"{mark} {secrets.text}", secrets.text)
        for cache in ({"use-cache": True}, {})
    ]
    assert not any(secrets.are_in(answer.raw) for answer in answers)
    # What LiteLLM tells of a stream that broke off may stay away, so that its event waits for it.
    ended = "SELECT 1 FROM inferspect.events WHERE id = %s AND seconds_total IS NOT NULL"
    for answer in answers:
        while not gateway.query(ended, uuid.UUID(answer.request_id)):
            time.sleep(0.1)
    assert places_that_hold(gateway, secrets) == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("action", ["reversible", "hash"])
def test_nothing_is_left_of_what_is_replaced(
    gateway: GatewayProcess, nothing_left: Callable[..., None], path: str, action: str
) -> None:
    """Values that the client gets back, and values whose hash is told, are kept nowhere."""
    secrets = Secrets()
    key = gateway.new_key(rules={"pii": {"action": action}, "secrets": {"action": "hash"}})
    with gateway.client(key) as client:
        responses = [
            client.post(f"/v1/{path}", json=body_of(path, secrets, parts=False, **fields))
            for fields in ({}, {"cache": {"use-cache": True}}, {} if path == "embeddings" else {"stream": True})
        ]
    assert {response.status_code for response in responses} == {200}
    nothing_left(secrets, *responses)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_left_of_an_unreadable_request(
    gateway: GatewayProcess, key: str, nothing_left: Callable[..., None], path: str
) -> None:
    """A body that cannot be parsed cannot be masked: it is refused and forgotten, also where it is a text."""
    secrets = Secrets()
    whole = json.dumps(body_of(path, secrets, parts=False))
    with gateway.client(key) as client:
        for content in (whole[:-2], json.dumps(secrets.text), json.dumps([secrets.text]), f"{whole} {secrets.text}"):
            response = client.post(f"/v1/{path}", content=content, headers={"content-type": "application/json"})
            assert response.status_code == httpx.codes.BAD_REQUEST
            assert not secrets.are_in(response.text)
    nothing_left(secrets, response)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "rules",
    [
        {"models": {"allowed": ["demo"]}},
        {"pii": {"entities": {"CREDIT_CARD": "block"}}},
        {"secrets": {"action": "block"}},
        "invalid",
    ],
    ids=["model", "pii", "secrets", "rules"],
)
def test_nothing_is_left_of_a_refused_request(
    gateway: GatewayProcess, nothing_left: Callable[..., None], path: str, rules: Any
) -> None:
    """A rule or guardrail that refuses a request before or after it was masked keeps nothing of it."""
    secrets = Secrets()
    with gateway.client(gateway.new_key(metadata={"inferspect": rules})) as client:
        response = client.post(f"/v1/{path}", json=body_of(path, secrets, parts=True))
    assert response.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.FORBIDDEN)
    assert not secrets.are_in(response.text)
    nothing_left(secrets, response)


def test_nothing_is_left_of_a_request_with_a_wrong_key(
    gateway: GatewayProcess, nothing_left: Callable[..., None]
) -> None:
    """Content that comes without a valid key is not kept either."""
    secrets = Secrets()
    with gateway.client(f"sk-{uuid.uuid4().hex}") as client:
        response = client.post("/v1/chat/completions", json=body_of("chat/completions", secrets, parts=False))
    assert response.status_code == httpx.codes.UNAUTHORIZED
    nothing_left(secrets, response)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_left_of_a_cached_request(
    gateway: GatewayProcess, key: str, nothing_left: Callable[..., None], path: str
) -> None:
    """A cached answer of the echo, which repeats its prompt, is free of personal data, and so are its traces."""
    secrets = Secrets()
    with gateway.client(key) as client:
        body = body_of(path, secrets, parts=False, cache={"use-cache": True})
        responses = [client.post(f"/v1/{path}", json=body) for _ in range(3)]
    for response in responses:
        assert response.status_code == httpx.codes.OK
        assert not secrets.are_in(response.text)
    nothing_left(secrets, *responses)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("path", ["chat/completions", "completions", "responses", "messages"])
def test_an_answer_is_masked_too(
    *,
    gateway: GatewayProcess,
    scripted: UpstreamSimulator,
    key: str,
    nothing_left: Callable[..., None],
    path: str,
    stream: bool,
) -> None:
    """Personal data and secrets that a model says are masked in an answer, and kept nowhere."""
    secrets, mark = Secrets(), uuid.uuid4().hex
    scripted.script = [{"match": mark, "answer": f"Of course. {secrets.text}"}]
    fields: dict[str, Any] = {"prompt": mark} if path == "completions" else {"input": mark}
    if path in ("chat/completions", "messages"):
        fields = {"messages": [{"role": "user", "content": mark}], "max_tokens": 200}
    with gateway.client(key) as client:
        response = client.post(f"/v1/{path}", json={"model": OPENAI, "stream": stream, **fields})
    assert response.status_code == httpx.codes.OK
    for entity in ("<EMAIL_ADDRESS>", "<CREDIT_CARD>", "<SECRET_TOKEN>"):
        assert entity in response.text
    assert not secrets.are_in(response.text)
    nothing_left(secrets, response)


def test_nothing_of_all_these_is_left_once_spend_was_written(gateway: GatewayProcess) -> None:
    """LiteLLM writes its logs in batches: when a later request is in them, no value of an earlier one is."""
    key = gateway.new_key()
    with gateway.client(key) as client:
        body = body_of("chat/completions", Secrets(), parts=False)
        client.post("/v1/chat/completions", json=body).raise_for_status()
    statement = 'SELECT 1 FROM "LiteLLM_SpendLogs" WHERE api_key = %s'
    while not gateway.query(statement, hashlib.sha256(key.encode()).hexdigest()):
        time.sleep(0.2)
    assert places_that_hold(gateway, *Secrets.made) == []
