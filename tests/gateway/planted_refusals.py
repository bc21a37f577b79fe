"""Personal data and secrets in requests that reach no model: refused, broken, or an administrator's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx

from tests.gateway.planted_requests import CHAT, Scene, Step, of_user
from tests.gateway.planting import Planted


def in_refused(scene: Scene) -> Iterator[Step]:
    """Requests that no model is to see: refused by guardrails, by rules before them, and by LiteLLM before those."""
    refusing = ("blocked", "secretless", "one model", "far away", "invalid", "few models", "nobody")
    for key, path in itertools.product(refusing, (CHAT, "/v1/messages", "/v1/responses", "/v1/embeddings")):
        planted = scene.planter.plant(f"refused, {key}, {path}")
        asked: dict[str, Any] = {"messages": of_user(planted.text), "max_tokens": 9}
        if path.endswith(("responses", "embeddings")):
            asked = {"messages": None, "input": planted.text}
        body = {
            "user": planted.mail, "metadata": {"session_id": planted.phone, "tags": [planted.token]}, **asked,
        }  # fmt: skip
        headers = {"x-session-id": planted.card, "x-request-id": planted.mail, "langfuse_trace_name": planted.token}
        yield partial(scene.ask, f"refused, {key}, {path}", path, key=key, headers=headers, **body)


def in_broken(scene: Scene) -> Iterator[Step]:
    """Bodies that are no JSON, or not what the API has, and keys that are none."""
    for path in (CHAT, "/v1/messages", "/v1/responses", "/v1/embeddings", "/v1/nothing", "/key/generate"):
        kinds = ("token",) if path.startswith("/key/") else ()  # names are the administrator's own affair
        text = scene.planter.plant(f"broken body, {path}", *kinds).text
        whole = json.dumps({"model": "sim/echo", "messages": of_user(text), "user": text})
        for content in (whole[:-2], json.dumps(text), json.dumps([text]), f"{whole} {text}", text):
            yield partial(post, scene, path, content=content)
        yield partial(post, scene, path, data={"model": text, "messages": text})
        yield partial(post, scene, path, files={"file": (text, text)})
    text = scene.planter.plant("wrong shapes").text
    for wrong in (
        {"messages": text}, {"messages": [text]}, {"messages": {"role": text}}, {"model": {"x": text}},
        {"model": [text]},
        {"messages": [{"role": text, "content": text}]}, {"tools": text}, {"tools": [text]}, {"metadata": text},
        {"user": [text]}, {"response_format": text}, {"stream": text}, {"cache": text}, {"guardrails": [text]},
    ):  # fmt: skip
        yield partial(scene.ask, f"wrong {list(wrong)}", **wrong)
    planted = scene.planter.plant("authorization")
    for header in (
        {"authorization": f"Bearer {planted.token}"}, {"authorization": f"Bearer sk-{planted.mail}"},
        {"authorization": f"Basic {planted.text}"}, {"x-api-key": planted.token}, {"api-key": planted.card},
        {"x-litellm-api-key": planted.token}, {"authorization": planted.text},
    ):  # fmt: skip
        yield partial(post, scene, CHAT, headers=header, json={"model": "sim/echo", "messages": []})


def post(scene: Scene, path: str, *, headers: Any = None, **sent: Any) -> None:
    kind = {"content-type": "application/json"} if "content" in sent else {}
    own = {"authorization": f"Bearer {scene.keys['tenant']}"} if headers is None else headers
    response = httpx.post(f"{scene.gateway.url}{path}", headers={**own, **kind}, timeout=120, **sent)
    scene.note(f"broken {path}", response)


def in_management(scene: Scene) -> Iterator[Step]:
    """Secrets in what an administrator sends, well and not; what it calls its keys and teams is its own affair."""

    def manage(place: str, path: str, make: Callable[[Planted], Any], method: str = "POST") -> Step:
        planted = scene.planter.plant(f"management, {place}", "token")

        def send() -> None:
            with scene.gateway.client() as admin:
                scene.note(f"management {place}", admin.request(method, path, json=make(planted)))

        return send

    yield manage("credentials of a model", "/model/new", lambda of: {
        "model_name": "planted", "litellm_params": {"model": "openai/x", "api_key": of.token, "api_base": "http://127.0.0.1:9"},
    })  # fmt: skip
    yield manage("credentials", "/credentials", lambda of: {
        "credential_name": "planted", "credential_values": {"api_key": of.token}, "credential_info": {},
    })  # fmt: skip
    yield manage("callback of a team", "/team/new", lambda of: {
        "team_alias": "planted", "metadata": {"logging": [{"callback_name": "langfuse", "callback_vars":
            {"langfuse_public_key": "pk", "langfuse_secret_key": of.token}}]},
    })  # fmt: skip
    yield manage("a chosen key", "/key/generate", lambda of: {"key": f"sk-{of.token}", "key_alias": "chosen"})
    yield manage("a wrong field", "/key/generate", lambda of: {"max_budget": of.token, "api_key": of.token})
    yield manage("a list", "/team/new", lambda of: [of.token])
    yield manage("settings", "/config/update", lambda of: {
        "environment_variables": {"OTHER_KEY": of.token},
    })  # fmt: skip
    yield manage("a login", "/v2/login", lambda of: {"username": "admin", "password": of.token})
    yield manage("a preview", "/api/v1/guardrails/preview", lambda of: {"text": of.text, "tenant_id": of.mail})
    yield manage(
        "a rule", "/api/v1/alert-rules", lambda of: {"name": of.text, "condition": {"type": of.mail}, of.token: 1}
    )
    yield manage("a dead letter", "/api/v1/events/dead-letters/replay", lambda of: {"consumer": of.text, "id": of.text})
    planted = scene.planter.plant("management, query")
    yield manage("a query", f"/key/info?key=sk-{planted.token}", lambda _of: None, "GET")
    yield manage("a query that writes", f"/key/block?key=sk-{planted.token}&api_key={planted.token}", lambda _of: {})
