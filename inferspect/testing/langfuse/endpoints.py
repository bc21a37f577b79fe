"""The endpoints of Langfuse's public API that clients send traces and scores to and fetch prompts from."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
from pydantic import ValidationError

from inferspect.testing.faults import Fault
from inferspect.testing.http_double import json_reply
from inferspect.testing.langfuse.bodies import IngestionEvent, ScoreBody
from inferspect.testing.langfuse.project import Project, Record
from inferspect.testing.otlp.spans import MalformedTracesError, decode_traces
from inferspect.testing.upstream.exchange import Reply, Request

PROMPTS = "/api/public/v2/prompts/"
INGESTION_VERSIONS = ("", "1", "2", "3", "4")


def take_spans(project: Project, request: Request, _fault: Fault) -> Reply:
    """``POST /api/public/otel/v1/traces``."""
    version = request.header(b"x-langfuse-ingestion-version") or ""
    if version not in INGESTION_VERSIONS:
        reason = f'Unsupported x-langfuse-ingestion-version: "{version}". Maximum supported: "4".'
        return json_reply({"error": reason}, HTTPStatus.BAD_REQUEST)
    content_type = request.header(b"content-type") or ""
    try:
        spans = decode_traces(request.body, content_type, request.header(b"content-encoding") or "")
    except MalformedTracesError as error:
        return json_reply({"error": str(error)}, HTTPStatus.BAD_REQUEST)
    project.keep(list(spans))
    return json_reply({})


def take_events(project: Project, request: Request, fault: Fault) -> Reply:
    """``POST /api/public/ingestion``: each event of the batch is taken or refused by itself."""
    try:
        batch = orjson.loads(request.body)["batch"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        batch = None
    if not isinstance(batch, list):
        return json_reply({"message": "Invalid request data", "errors": ["no batch"]}, HTTPStatus.BAD_REQUEST)
    records: list[Record] = []
    successes, errors = [], []
    for number, item in enumerate(batch):
        event_id = item["id"] if isinstance(item, dict) and isinstance(item.get("id"), str) else "unknown"
        if fault.partial and number % 2:
            errors.append({"id": event_id, "status": 500, "error": "Internal Server Error"})
            continue
        try:
            record = IngestionEvent.model_validate(item).record()
        except ValueError as error:
            errors.append({"id": event_id, "status": 400, "message": "Invalid request data", "error": _reason(error)})
            continue
        successes.append({"id": event_id, "status": 201})
        if record is not None:
            records.append(record)
    project.keep(records)
    return json_reply({"successes": successes, "errors": errors}, HTTPStatus.MULTI_STATUS)


def take_scores(project: Project, request: Request, fault: Fault) -> Reply:
    """``POST /api/public/scores``: a list of scores, as SDK 5 sends it, or one."""
    try:
        content = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        return json_reply({"message": "Invalid request data", "error": str(error)}, HTTPStatus.BAD_REQUEST)
    if not isinstance(content, list):
        return _take_score(project, content)
    scores: list[Record] = []
    errors = []
    for number, item in enumerate(content):
        if fault.partial and number % 2:
            errors.append({"message": "told to refuse every other score"})
            continue
        try:
            scores.append(ScoreBody.model_validate(item).score())
        except ValueError as error:
            errors.append({"message": _reason(error)})
    project.keep(scores)
    if not errors:
        return json_reply({"message": "Accepted"}, HTTPStatus.ACCEPTED)
    counts = {"accepted": len(scores), "rejected": len(errors), "errors": errors}
    return json_reply(counts, HTTPStatus.MULTI_STATUS)


def _take_score(project: Project, content: Any) -> Reply:
    try:
        score = ScoreBody.model_validate(content).score()
    except ValueError as error:
        return json_reply({"message": "Invalid request data", "error": _reason(error)}, HTTPStatus.BAD_REQUEST)
    project.keep([score])
    return json_reply({"id": score.id})


def show_project(project: Project, _request: Request, _fault: Fault) -> Reply:
    """``GET /api/public/projects``: the project that the keys are of."""
    organization = {"id": "organization", "name": "InferSpect's collector"}
    key = project.public_key
    return json_reply({"data": [{"id": f"project-{key}", "name": key, "organization": organization, "metadata": {}}]})


def show_prompt(project: Project, request: Request, _fault: Fault) -> Reply:
    """``GET /api/public/v2/prompts/{name}``; a name with slashes may be encoded or not."""
    path, _, query = request.target.partition("?")
    name = unquote(path.removeprefix(PROMPTS))
    options = {key: values[-1] for key, values in parse_qs(query).items()}
    version, label = options.get("version"), options.get("label")
    if version is not None and not version.isdecimal():
        return failure(HTTPStatus.BAD_REQUEST, "Invalid request data", "version is a number")
    prompt = project.find_prompt(name, None if version is None else int(version), label)
    if prompt is not None:
        return json_reply(prompt.as_json())
    what = f"version {version}" if version is not None else f"label '{label or 'production'}'"
    return failure(HTTPStatus.NOT_FOUND, f"Prompt not found: '{name}' with {what}", "LangfuseNotFoundError")


def failure(status: HTTPStatus, message: str, error: str) -> Reply:
    return json_reply({"message": message, "error": error}, status)


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    return str(error)
