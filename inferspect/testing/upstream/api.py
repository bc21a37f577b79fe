"""What an API of the simulator consists of, and OpenAI's way to tell errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .conversation import server_sent_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conversation import Answer, Conversation, Failure, Json
    from .exchange import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How one endpoint is read, answered whole or streamed, and how it tells an error.

    `read` raises InvalidRequestError. `error_event` is given the number of events sent before.
    """

    read: Callable[[Json], Conversation]
    whole: Callable[[Conversation, Answer], Json]
    events: Callable[[Conversation, Answer], Iterator[Event]]
    error: Callable[[Failure], Json]
    error_event: Callable[[Failure, int], bytes]
    request_id_header: str


# LiteLLM tells exceptions apart by these words more than by the status, so they are the ones that OpenAI uses.
_OPENAI_ERRORS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("request_forbidden", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    408: ("timeout", None),
    429: ("requests", "rate_limit_exceeded"),
}


def openai_error(failure: Failure) -> Json:
    """The body of an error in OpenAI's shape."""
    usual_type = "server_error" if failure.status >= 500 else "invalid_request_error"  # noqa: PLR2004 - HTTP's own line
    error_type, code = _OPENAI_ERRORS.get(failure.status, (usual_type, None))
    return {
        "error": {
            "message": failure.message,
            "type": failure.type or error_type,
            "param": failure.parameter,
            "code": failure.code or code,
        }
    }


def openai_error_event(failure: Failure, _events_before: int) -> bytes:
    """An error in the middle of an OpenAI stream."""
    return server_sent_event(openai_error(failure))
