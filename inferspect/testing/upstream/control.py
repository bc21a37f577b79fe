"""The simulator's own endpoints under `/_simulator`: what was received, scripted answers, behaviours and health."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import orjson

from .behaviour import UnknownCommandError
from .exchange import Reply
from .script import Script, ScriptError

if TYPE_CHECKING:
    from .application import Application
    from .conversation import Json
    from .exchange import Request

CONTROL_PREFIX = "/_simulator/"


class Control:
    """Answers the requests of tests that steer a simulator in another process."""

    def __init__(self, application: Application) -> None:
        """Steer `application`."""
        self._application = application

    def respond(self, request: Request, path: str) -> Reply:
        """The reply to a request under `/_simulator`; a mistake in it gives status 400 with the reason."""
        try:
            content = self._content(request.method, path.removeprefix(CONTROL_PREFIX), request)
        except (ScriptError, UnknownCommandError, ValueError) as error:
            return Reply(status=400, body=orjson.dumps({"error": {"message": str(error)}}))
        if content is None:
            message = f"The upstream simulator has no {request.method} {path}."
            return Reply(status=404, body=orjson.dumps({"error": {"message": message}}))
        return Reply(body=orjson.dumps(content))

    def _content(self, method: str, name: str, request: Request) -> Json | None:  # noqa: PLR0911 - one an endpoint
        application = self._application
        match method, name:
            case "GET" | "HEAD", "health":
                received, connections = application.recording.total, len(application.connections)
                return {"status": "ok", "received": received, "connections": connections}
            case "GET", "received":
                return self._received(request.target.partition("?")[2])
            case "DELETE", "received":
                application.recording.clear()
                return {"received": []}
            case "POST", "script":
                application.script = Script.parse(request.body)
                return {"rules": len(application.script.rules)}
            case "DELETE", "script":
                application.script = Script()
                return {"rules": 0}
            case "POST", "behaviour":
                application.set_behaviours(_behaviours(request.body))
                return dict(application.behaviours)
            case "GET", "behaviour":
                return dict(application.behaviours)
            case "DELETE", "behaviour":
                application.set_behaviours(dict.fromkeys(application.behaviours))
                return {}
            case _:
                return None

    def _received(self, query: str) -> Json:
        options = parse_qs(query, keep_blank_values=True)
        unknown = options.keys() - {"limit", "contains"}
        if unknown:
            raise ValueError(f"unknown option {min(unknown)!r}; there are limit and contains")
        limit = options.get("limit", [None])[-1]
        if limit is not None and not limit.isdecimal():
            raise ValueError(f"limit must be a number, not {limit!r}")
        received = self._application.recording.newest(
            limit=None if limit is None else int(limit), contains=options.get("contains", [None])[-1]
        )
        return {"total": self._application.recording.total, "received": [request.as_json() for request in received]}


def _behaviours(body: bytes) -> dict[str, str | None]:
    behaviours = orjson.loads(body)
    if not isinstance(behaviours, dict) or not all(
        command is None or isinstance(command, str) for command in behaviours.values()
    ):
        raise ValueError("behaviours are an object of model names (or '*') and commands; null ends an override")
    return behaviours
