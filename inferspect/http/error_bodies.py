"""Error bodies of OpenAI's and Anthropic's APIs, and how LiteLLM's own errors are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inferspect.logs import without_secrets

LONGEST_MESSAGE = 2_000
FIRST_SERVER_ERROR = 500

OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
CODES = {
    400: "invalid_request",
    401: "invalid_api_key",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    413: "request_too_large",
    422: "invalid_request",
    429: "rate_limit_exceeded",
    502: "provider_unavailable",
    503: "unavailable",
    504: "timeout",
}
# What LiteLLM says in an error's ``type`` and is more telling than the status alone.
TELLING_TYPES = {
    "budget_exceeded": "budget_exceeded",
    "key_model_access_denied": "model_not_allowed",
    "team_model_access_denied": "model_not_allowed",
    "user_model_access_denied": "model_not_allowed",
    "expired_key": "expired_api_key",
    "token_not_found_in_db": "invalid_api_key",
    "no_db_connection": "database_unavailable",
    "context_length_exceeded": "context_length_exceeded",
    "content_policy_violation": "content_policy_violation",
}

# Where LiteLLM's messages turn to what only an operator may know: traces, fallbacks of other models, hashes, tables.
INSIDE = re.compile(
    r"Traceback \(most recent call last\)|\s*LiteLLM: model group|\s*LiteLLM Retried:|\s*Received Model Group="
    r"|\s*Received API Key ="
)
FIELD_NAME = re.compile(r"(?!None$|null$|sk-)[A-Za-z_][\w.\[\]-]{0,99}")  # LiteLLM also puts the end of a key there
CODE = re.compile(r"(?!(?:None|null|sk-.*)$)[A-Za-z][\w.-]{0,63}")  # some providers put a sentence there
LITELLM_PREFIX = re.compile(r"^(?:litellm\.\w+: )+(?:\w+Error: )?(?:\w+Exception - )?")
NO_OBJECT = ("missing", "dict_type", "model_type", "model_attributes_type")  # pydantic's words
UNKNOWN_MODEL = re.compile(r"You passed in model=.*There are no healthy deployments for this model", re.DOTALL)
UNKNOWN_MODEL_MESSAGE = (
    "The gateway knows no such model, or this key may not use it. GET /v1/models lists those it may."
)


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error as a client is to see it."""

    status: int
    code: str
    message: str
    param: str | None = None


def api_error_from(status: int, body: Any) -> ApiError:
    """Read an error response of LiteLLM or FastAPI, whatever its shape."""
    inner: Any = body
    if isinstance(body, Mapping):
        inner = body.get("error", body.get("detail", body))
    if isinstance(inner, Mapping) and isinstance(inner.get("error"), (str, Mapping)):
        inner = inner["error"]
    if not isinstance(inner, Mapping):
        return ApiError(status, CODES.get(status, "internal_error"), _clean(_text_of(inner), status))
    message = str(inner.get("message") or inner.get("msg") or inner.get("detail") or "")
    if UNKNOWN_MODEL.search(message):
        return ApiError(404, "model_not_found", UNKNOWN_MODEL_MESSAGE, "model")
    param = inner.get("param")
    return ApiError(
        status,
        _code(status, inner),
        _clean(message, status),
        param if isinstance(param, str) and FIELD_NAME.fullmatch(param) else None,
    )


def provider_error(error: ApiError) -> ApiError:
    """An error that a provider gave, as a client is to see it: a 401 would tell it that its own key is wrong."""
    if error.status != 401:  # noqa: PLR2004  HTTP's "unauthorized"
        return error
    return ApiError(502, "provider_authentication_failed", error.message)


def body_for(path: str, error: ApiError, request_id: str | None) -> dict[str, Any]:
    """The JSON body for the API that ``path`` belongs to."""
    if is_anthropic(path):
        kind = ANTHROPIC_TYPES.get(error.status, _usual_type(error.status))
        inner = {"type": kind, "message": error.message, "code": error.code}
        return {"type": "error", "error": inner, "request_id": request_id}
    kind = OPENAI_TYPES.get(error.status, _usual_type(error.status))
    return {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}


def _usual_type(status: int) -> str:
    return "api_error" if status >= FIRST_SERVER_ERROR else "invalid_request_error"


def is_anthropic(path: str) -> bool:
    return path.endswith(("/messages", "/messages/count_tokens"))


def _code(status: int, inner: Mapping[str, Any]) -> str:
    told = inner.get("type")
    if isinstance(told, str) and told in TELLING_TYPES:
        return TELLING_TYPES[told]
    code = inner.get("code")
    if isinstance(code, str) and CODE.fullmatch(code):
        return code
    return CODES.get(status, "internal_error" if status >= FIRST_SERVER_ERROR else "invalid_request")


def _text_of(inner: Any) -> str:
    if isinstance(inner, list):  # FastAPI's validation errors
        return "; ".join(_validation_error(entry) for entry in inner if isinstance(entry, Mapping))
    return inner if isinstance(inner, str) else ""


def _validation_error(entry: Mapping[str, Any]) -> str:
    place, message = entry.get("loc"), entry.get("msg", "")
    if place == ["body"] and entry.get("type") in NO_OBJECT:  # also of JSON that curl sent as if it were a form
        message = "Send a JSON object, with the header `Content-Type: application/json`"
    return f"{'.'.join(map(str, place))}: {message}" if isinstance(place, list) and place else str(message)


def _clean(message: str, status: int) -> str:
    """Without secrets, a stack trace and what is the operator's alone, bounded, never empty."""
    shown = without_secrets(LITELLM_PREFIX.sub("", INSIDE.split(message, maxsplit=1)[0]).strip(" .,\n"))
    shown = f"{shown[: LONGEST_MESSAGE - 1]}." if shown else ""
    return shown or CODES.get(status, "internal_error").replace("_", " ").capitalize() + "."
