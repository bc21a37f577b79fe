"""Langfuse's public API, as far as clients send traces and scores, list scores and fetch prompts with it.

Source: Langfuse's published OpenAPI description, and the answers of its server in versions 3 and 4.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson

from inferspect.testing.faults import Fault
from inferspect.testing.http_double import HttpDouble, json_reply
from inferspect.testing.langfuse.endpoints import (
    PROMPTS,
    failure,
    show_project,
    show_prompt,
    take_events,
    take_scores,
    take_spans,
)
from inferspect.testing.langfuse.listing import V2, V3, list_scores, list_scores_v2
from inferspect.testing.langfuse.project import Project, Prompt
from inferspect.testing.langfuse.records import Score, Trace
from inferspect.testing.upstream.exchange import Reply, Request

VERSION = "4.0.0"
PUBLIC_KEY = "pk-lf-collector"
SECRET_KEY = "sk-lf-" + "collector"
HEALTH = "/api/public/health"
TRACES = "/api/public/otel/v1/traces"
INGESTION = "/api/public/ingestion"
SCORES = "/api/public/scores"
PROJECTS = "/api/public/projects"
ENDPOINTS: dict[str, tuple[str, Callable[[Project, Request, Fault], Reply]]] = {
    TRACES: ("POST", take_spans),
    INGESTION: ("POST", take_events),
    SCORES: ("POST", take_scores),
    V3: ("GET", list_scores),
    V2: ("GET", list_scores_v2),
    PROJECTS: ("GET", show_project),
    PROMPTS: ("GET", show_prompt),
}
# Bytes of a body; Langfuse takes spans of any size.
BODY_LIMITS = {INGESTION: 4_500_000, SCORES: 1_048_576}


class LangfuseCollector(HttpDouble):
    """Langfuse for tests, in a thread of its own.

        with LangfuseCollector() as langfuse:
            client = Langfuse(base_url=langfuse.url, public_key=PUBLIC_KEY, secret_key=SECRET_KEY)
            client.start_observation(name="chat", as_type="generation").end()
            client.flush()
            assert [trace.name for trace in langfuse.traces().values()] == ["chat"]

    Args:
        keys: secret keys by public key, one pair for each project; unless told, ``PUBLIC_KEY`` and ``SECRET_KEY``.
        folder: where to keep what comes, so that it outlives the process; in memory only unless told.
    """

    takes_batches = True

    def __init__(
        self,
        *,
        keys: Mapping[str, str] | None = None,
        folder: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(host=host, port=port)
        pairs = keys or {PUBLIC_KEY: SECRET_KEY}
        self._projects = {
            public: Project(public, secret, None if folder is None else folder / f"{public}.jsonl")
            for public, secret in pairs.items()
        }

    def traces(self, public_key: str | None = None) -> dict[str, Trace]:
        """Traces by id of the project with this public key; of the first project unless told."""
        return self._project(public_key).traces()

    def scores(self, public_key: str | None = None) -> list[Score]:
        """Scores of the project, as for :meth:`traces`."""
        return self._project(public_key).scores()

    def add_prompt(self, prompt: Prompt, public_key: str | None = None) -> None:
        """Have the project hold a version of a prompt."""
        self._project(public_key).prompts.append(prompt)

    def reset(self) -> None:
        super().reset()
        for project in self._projects.values():
            project.clear()

    def refuse(self, status: int) -> Reply:
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Reply(status=status)  # Langfuse says no more than the header
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Reply(status=status, content_type="text/plain", body=b"Body exceeded the limit")
        return json_reply({"message": HTTPStatus(status).phrase, "error": "told to fail"}, status)

    def control(self, method: str, name: str, body: bytes, options: dict[str, str]) -> Any:
        match method, name:
            case "GET", "traces":
                return self.traces(options.get("public_key"))
            case "GET", "scores":
                return self.scores(options.get("public_key"))
            case "POST", "prompts":
                self.add_prompt(Prompt(**orjson.loads(body)), options.get("public_key"))
                return {}
        return super().control(method, name, body, options)

    def answer(self, request: Request, fault: Fault) -> Reply:
        path = request.target.partition("?")[0]
        if path == HEALTH:
            return json_reply({"status": "OK", "version": VERSION})
        project, reason = self._authorized(request.header(b"authorization"))
        if project is None:
            return failure(HTTPStatus.UNAUTHORIZED, reason, "UnauthorizedError")
        if len(request.body) > BODY_LIMITS.get(path, len(request.body)):
            return self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        endpoint = ENDPOINTS.get(PROMPTS if path.startswith(PROMPTS) else path)
        if endpoint is None:
            return failure(HTTPStatus.NOT_FOUND, f"the collector does not serve {path}", "NotFound")
        method, serve = endpoint
        if request.method != method:
            return failure(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed", "MethodNotAllowedError")
        return serve(project, request, fault)

    def _project(self, public_key: str | None) -> Project:
        if public_key is None:
            return next(iter(self._projects.values()))
        return self._projects[public_key]

    def _authorized(self, header: str | None) -> tuple[Project | None, str]:
        if not header:
            return None, "No authorization header"
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return None, "Invalid authorization header"
        try:
            public, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None, "Invalid authorization header"
        project = self._projects.get(public)
        if project is None or project.secret_key != secret:
            return None, "Invalid credentials. Confirm that you've configured the correct host."
        return project, ""
