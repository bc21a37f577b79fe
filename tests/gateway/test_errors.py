"""What clients are told about their mistakes: right status, the API's shape, a stable code, nothing of the inside."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess

Send = Callable[..., httpx.Response]
PATHS = ["chat/completions", "completions", "embeddings", "responses", "messages"]
INSIDE = re.compile(
    r"Traceback|File \"|site-packages|\.py\b|/home/|/work/|/tmp/|litellm\.|LiteLLM_|prisma|postgres|sk-[\w-]"
)
CODE = re.compile(r"[a-z][a-z0-9_]{2,48}")
TOO_LARGE = 20_000_000


def body_of(path: str, **fields: Any) -> dict[str, Any]:
    if path in ("chat/completions", "messages"):
        return {"model": "sim/echo", "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}], **fields}
    return {"model": "sim/echo", "prompt" if path == "completions" else "input": "hello", **fields}


def check_error(response: httpx.Response, path: str) -> str:
    """The code of an error, after its shape and what it must not hold were checked."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    error = body["error"]
    assert CODE.fullmatch(error["code"]), error
    assert error["message"].strip()
    assert CODE.fullmatch(error["type"]), error
    if path == "messages":
        assert set(body) == {"type", "error", "request_id"}
        assert body["type"] == "error"
    else:
        assert set(body) == {"error"}
        assert set(error) == {"message", "type", "param", "code"}
    assert not INSIDE.search(response.text), response.text
    return str(error["code"])


@pytest.fixture
def send(gateway: GatewayProcess, key: str, event_of: Callable[[str], dict[str, Any]]) -> Iterator[Send]:
    """Sends a bad request and checks that it has one event, and that the gateway serves the next one."""
    sent: list[httpx.Response] = []
    with gateway.client(key) as client:

        def post(path: str, **request: Any) -> httpx.Response:
            own = {"x-request-id": uuid.uuid4().hex, "content-type": "application/json"}
            headers = {**own, **request.pop("headers", {})}
            response = client.post(f"/v1/{path}", headers=headers, **request)
            sent.append(response)
            return response

        yield post
        assert sent
        for response in sent:
            event = event_of(response.headers["x-request-id"])
            assert event["status"] == response.status_code
            if response.status_code >= httpx.codes.BAD_REQUEST:
                assert event["result"] in {"failure", "blocked"}
                assert event["code"] == response.json()["error"]["code"]
            own_id = event["client_request_id"]
            rows = gateway.query("SELECT id FROM inferspect.events WHERE client_request_id = %s", own_id)
            assert len(rows) == 1
        answer = client.post("/v1/chat/completions", json=body_of("chat/completions"))
        assert answer.status_code == httpx.codes.OK


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"model": "demo", "messages": [', id="cut"),
        pytest.param(b"model=demo", id="no JSON"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'"text"', id="string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"7", id="number"),
        pytest.param(b'{"model": "\xff\xfe"}', id="invalid UTF-8"),
        pytest.param(b'{"model": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"model": NaN}', id="not a number"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="very deep"),
        pytest.param(b'{"messages":' + b"[" * 500 + b"]" * 500 + b"}", id="deep"),
    ],
)
def test_an_unreadable_body_is_refused(send: Send, path: str, content: bytes) -> None:
    """A body that is no JSON object of bounded depth is the client's mistake, on every API."""
    response = send(path, content=content)
    assert response.status_code == httpx.codes.BAD_REQUEST
    assert check_error(response, path) == "invalid_json"


@pytest.mark.parametrize("path", PATHS)
def test_a_body_without_anything_names_what_is_missing(send: Send, path: str) -> None:
    """An empty body and an empty object are told which parameter they lack."""
    for content in (b"", b"{}"):
        response = send(path, content=content)
        assert response.status_code == httpx.codes.BAD_REQUEST
        check_error(response, path)
        assert "Missing required parameter" in response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["chat/completions", "messages"])
@pytest.mark.parametrize("announced", [True, False], ids=["with content-length", "chunked"])
def test_a_large_body_is_refused(send: Send, path: str, announced: bool) -> None:
    """A body of 20 MB is refused with 413, whether its length is announced or not."""
    content = json.dumps(body_of(path, messages=[{"role": "user", "content": "x" * TOO_LARGE}])).encode()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    response = send(path, content=content if announced else pieces())
    assert response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert check_error(response, path) == "request_too_large"


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_model_is_named_so(send: Send, path: str) -> None:
    """A model that does not exist is 404, and other tenants' or fallback models are not told."""
    response = send(path, json=body_of(path, model="no-such-model"))
    assert response.status_code == httpx.codes.NOT_FOUND
    assert check_error(response, path) == "model_not_found"
    assert "demo" not in response.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("authorization", ["Bearer sk-unknown-key", "Bearer", "nonsense", ""])
def test_a_wrong_key_is_refused(gateway: GatewayProcess, path: str, authorization: str) -> None:
    """Without a valid key the answer is 401, and nothing of the key comes back."""
    headers = {"authorization": authorization} if authorization else {}
    response = httpx.post(f"{gateway.url}/v1/{path}", json=body_of(path), headers=headers, timeout=60)
    assert response.status_code == httpx.codes.UNAUTHORIZED
    assert check_error(response, path) == "invalid_api_key"


WRONG: list[Any] = [None, True, -1, 1e308, "", "wrong", [], [[]], [1], {}, {"a": {"b": 1}}, [None], [{}]]
FIELDS = [
    "model", "messages", "temperature", "max_tokens", "top_p", "n", "stream", "stream_options", "stop", "tools",
    "tool_choice", "response_format", "logit_bias", "user", "metadata", "seed", "logprobs", "cache", "tags", "timeout",
    "fallbacks", "num_retries", "mock_response", "litellm_metadata", "guardrails", "extra_body", "api_base",
]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_wrong_types_are_never_the_gateways_failure(send: Send, field: str) -> None:
    """Whatever stands in a field of a chat, the answer is one, or names the client's mistake: never a 500."""
    for value in WRONG:
        response = send("chat/completions", json=body_of("chat/completions", **{field: value}))
        assert response.status_code < httpx.codes.INTERNAL_SERVER_ERROR, (value, response.text)
        if response.status_code >= httpx.codes.BAD_REQUEST:
            check_error(response, "chat/completions")


@pytest.mark.parametrize(
    "message", [None, "text", 1, [], {}, {"role": "user"}, {"role": 1, "content": "x"}, {"content": {}}]
)
@pytest.mark.parametrize("path", ["chat/completions", "messages"])
def test_wrong_messages_are_never_the_gateways_failure(send: Send, path: str, message: Any) -> None:
    """A message of the wrong shape is the client's mistake."""
    response = send(path, json=body_of(path, messages=[message]))
    assert response.status_code < httpx.codes.INTERNAL_SERVER_ERROR, response.text
    if response.status_code >= httpx.codes.BAD_REQUEST:
        check_error(response, path)


@pytest.mark.parametrize("field", ["model", "user", "metadata", "tools"])
def test_a_nul_character_outside_of_content_is_refused(send: Send, field: str) -> None:
    """What would reach a database must not hold a NUL, which no database takes."""
    value: Any = {"model": "de\0mo", "user": "\0", "metadata": {"a": ["\0"]}, "tools": [{"\0": 1}]}[field]
    response = send("chat/completions", json=body_of("chat/completions", **{field: value}))
    assert response.status_code == httpx.codes.BAD_REQUEST
    assert check_error(response, "chat/completions") == "invalid_character"
    assert response.json()["error"]["param"] == field


def test_a_nul_character_in_content_is_passed_on(send: Send) -> None:
    """What only the model reads is the model's to judge."""
    messages = [{"role": "user", "content": "a\0b"}]
    response = send("chat/completions", json=body_of("chat/completions", messages=messages))
    echo = json.loads(response.raise_for_status().json()["choices"][0]["message"]["content"])
    assert echo["messages"] == messages


def test_a_request_id_in_any_alphabet_is_kept(send: Send, gateway: GatewayProcess) -> None:
    """Bytes beyond ASCII in the client's own id break nothing, and the gateway's id stays its own."""
    response = send(
        "chat/completions",
        json=body_of("chat/completions"),
        headers={"x-request-id": f"ключ-{uuid.uuid4().hex}".encode()},
    )
    assert response.status_code == httpx.codes.OK
    uuid.UUID(response.headers["x-request-id"])


@pytest.mark.parametrize("path", ["nonsense", "chat/nonsense", "messages/nonsense/deep"])
def test_an_unknown_route_is_told_so(gateway: GatewayProcess, key: str, path: str) -> None:
    """A path that does not exist is 404 in the shape that SDKs understand."""
    with gateway.client(key) as client:
        response = client.post(f"/v1/{path}", json={})
    assert response.status_code == httpx.codes.NOT_FOUND
    assert check_error(response, path) == "not_found"


@pytest.mark.parametrize("path", PATHS)
def test_the_wrong_method_is_told_so(gateway: GatewayProcess, key: str, path: str) -> None:
    """GET where only POST is served is 405 in the API's shape."""
    with gateway.client(key) as client:
        response = client.get(f"/v1/{path}")
    assert response.status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert check_error(response, path) == "method_not_allowed"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("status", "told"), [(400, 400), (401, 502), (404, 404), (422, 422), (429, 429), (503, 503)])
def test_a_providers_failure_keeps_its_meaning(send: Send, path: str, status: int, told: int) -> None:
    """The provider's status comes through in the shape of the API that was called, but not what it says of our key."""
    response = send(path, json=body_of(path, model=f"sim/error-{status}", num_retries=0))
    assert response.status_code == told
    check_error(response, path)
