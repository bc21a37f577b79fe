"""Turns a request into a reply: finds the endpoint, obeys the commands, and keeps what the simulator remembers."""

from __future__ import annotations

import random
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson

from .answers import compose
from .anthropic_messages import MESSAGES, count_tokens
from .behaviour import Behaviour, UnknownCommandError, parse_behaviour
from .control import CONTROL_PREFIX, Control
from .conversation import Failure, Json, new_id
from .embeddings import embed
from .exchange import AT_ONCE, Event, Pace, Reply
from .images import generate_images
from .openai_chat import CHAT_COMPLETIONS
from .openai_completions import COMPLETIONS
from .openai_responses import RESPONSES
from .reading import InvalidRequestError
from .recording import Recording
from .rerank import rerank
from .script import Script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .api import Api
    from .exchange import Request
    from .script import ScriptedAnswer
    from .server import Connection

BEHAVIOUR_HEADER = b"x-simulator"
EVERY_MODEL = "*"

_MAXIMUM_COUNTERS = 1_000
_APIS: dict[str, Api] = {
    "/chat/completions": CHAT_COMPLETIONS,
    "/completions": COMPLETIONS,
    "/responses": RESPONSES,
    "/messages": MESSAGES,
    "/embeddings": CHAT_COMPLETIONS,
    "/messages/count_tokens": MESSAGES,
    "/images/generations": CHAT_COMPLETIONS,
    "/rerank": CHAT_COMPLETIONS,
    "/v2/rerank": CHAT_COMPLETIONS,
}
# These answer with a calculation instead of a conversation; their errors have the shape of the API named above.
_CALCULATIONS: dict[str, Callable[[Json], Json]] = {
    "/embeddings": embed,
    "/messages/count_tokens": count_tokens,
    "/images/generations": generate_images,
    "/rerank": rerank,
    "/v2/rerank": rerank,
}
_MODELS = "/models"
_EXAMPLE_MODELS = ("demo", "echo", "tool-call", "tokens-200", "latency-200ms", "speed-50tps", "error-500", "hang")


class Application:
    """The simulator without its HTTP connection.

    `recording`, `script` and the behaviours may be read and set from any thread: each is replaced as a whole.
    """

    def __init__(self, script: Script | None = None, behaviours: Mapping[str, str] | None = None) -> None:
        """Start with scripted answers and with behaviours by model.

        Raises:
            UnknownCommandError: A behaviour is not in the grammar.
        """
        self.recording = Recording()
        self.connections: set[Connection] = set()
        self.script = script or Script()
        self.behaviours: dict[str, str] = {}
        self._counters: dict[Behaviour, int] = {}
        # Reproducible latencies and chances make two runs of a benchmark comparable.
        self._random = random.Random(0)  # noqa: S311 - draws delays and chances, guards nothing
        self._control = Control(self)
        self.set_behaviours(behaviours or {})

    def set_behaviours(self, behaviours: Mapping[str, str | None]) -> None:
        """Override what models do, by model name or `*`; None ends an override. Counting for `every` starts anew.

        Raises:
            UnknownCommandError: A behaviour is not in the grammar; then nothing has changed.
        """
        for command in behaviours.values():
            if command is not None:
                parse_behaviour(command)
        merged = {**self.behaviours, **behaviours}
        self.behaviours = {model: command for model, command in merged.items() if command is not None}
        self._counters.clear()

    def reset(self) -> None:
        """Forget everything received, all scripted answers and all behaviours that were set."""
        self.recording.clear()
        self.script = Script()
        self.behaviours = {}
        self._counters.clear()

    def respond(self, request: Request) -> Reply:
        """The reply to `request`."""
        path = request.target.partition("?")[0]
        if path.startswith(CONTROL_PREFIX):
            return self._control.respond(request, path)
        self.recording.add(request)
        endpoint = path.removeprefix("/v1").rstrip("/")
        api = _APIS.get(endpoint)
        if api is None:
            if endpoint == _MODELS and request.method in ("GET", "HEAD"):
                return Reply(body=orjson.dumps(_models()))
            message = f"The upstream simulator does not serve {request.method} {path}."
            return _failed(CHAT_COMPLETIONS, Failure(404, message, code="unknown_url"))
        if request.method != "POST":
            return _failed(api, Failure(405, f"{path} takes POST, not {request.method}."))
        try:
            return self._generate(request, endpoint, api)
        except InvalidRequestError as error:
            return _failed(api, Failure(400, str(error), parameter=error.parameter))

    def _generate(self, request: Request, endpoint: str, api: Api) -> Reply:
        content = _content(request.body)
        calculate = _CALCULATIONS.get(endpoint)
        conversation = None if calculate else api.read(content)
        rule = self.script.find(conversation, self._random.random) if conversation else None
        scripted = rule.answer if rule else None
        behaviour = self._behaviour(request, content["model"], scripted)
        pace = self._pace(behaviour)
        streamed = conversation is not None and conversation.stream
        failure = self._failure(behaviour, scripted, streamed=streamed)
        if failure is not None:
            return _failed(api, failure, pace)
        headers = ((api.request_id_header, new_id("req_")),)
        if conversation is None:
            return Reply(headers=headers, body=orjson.dumps(_CALCULATIONS[endpoint](content)), pace=pace)
        answer = compose(conversation, behaviour, scripted, request.body)
        if not streamed:
            body = orjson.dumps(api.whole(conversation, answer))
            return Reply(headers=headers, body=body, tokens=answer.tokens, pace=pace)
        events = api.events(conversation, answer)
        if behaviour.fail_mid_stream:
            events = _failing(api, events, answer.tokens * conversation.choices)
        return Reply(headers=headers, content_type="text/event-stream; charset=utf-8", events=events, pace=pace)

    def _behaviour(self, request: Request, model: str, scripted: ScriptedAnswer | None) -> Behaviour:
        behaviours = self.behaviours
        command = request.header(BEHAVIOUR_HEADER) or behaviours.get(model) or behaviours.get(EVERY_MODEL)
        try:
            return parse_behaviour(model if command is None else command)
        except UnknownCommandError as error:
            # A script may name any model: `gpt-4o` is no command, and yet its answer is known.
            if command is None and scripted is not None:
                return Behaviour()
            raise InvalidRequestError(str(error), "model" if command is None else BEHAVIOUR_HEADER.decode()) from error

    def _pace(self, behaviour: Behaviour) -> Pace:
        if behaviour == Behaviour(answer=behaviour.answer, answer_tokens=behaviour.answer_tokens):
            return AT_ONCE
        return Pace(
            latency=behaviour.latency.draw(self._random) if behaviour.latency else 0.0,
            tokens_per_second=behaviour.tokens_per_second,
            hang=behaviour.hang,
            hang_after=behaviour.hang_stream_after,
            cut_after=behaviour.cut_stream_after,
        )

    def _failure(self, behaviour: Behaviour, scripted: ScriptedAnswer | None, *, streamed: bool) -> Failure | None:
        commanded = behaviour.error
        if commanded is not None and self._is_due(behaviour, commanded.every):
            message = f"The upstream simulator was told to fail with status {commanded.status}."
            if commanded.status == HTTPStatus.UNAUTHORIZED:
                # Only by these words does LiteLLM recognize OpenAI's 401.
                message += " Incorrect API key provided."
            return Failure(commanded.status, message, retry_after=commanded.retry_after)
        if scripted is not None and scripted.error is not None:
            error = scripted.error
            return Failure(error.status, error.message, error.type, error.code, retry_after=error.retry_after)
        if behaviour.fail_mid_stream and not streamed:
            return Failure(500, "The upstream simulator was told to fail in the middle of its answer.")
        return None

    def _is_due(self, behaviour: Behaviour, every: int) -> bool:
        if every == 1:
            return True
        if len(self._counters) > _MAXIMUM_COUNTERS:
            self._counters.clear()
        count = self._counters.get(behaviour, 0) + 1
        self._counters[behaviour] = count
        return count % every == 0


def _content(body: bytes) -> Json:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"The request's body is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise InvalidRequestError("The request's body must be a JSON object.")
    if not isinstance(content.get("model"), str) or not content["model"]:
        raise InvalidRequestError("'model' must be given, as a string.", "model")
    return content


def _failing(api: Api, events: Iterator[Event], tokens: int) -> Iterator[Event]:
    """`events` until half of the answer's `tokens` are told, then an error and nothing more."""
    told = 0
    for position, event in enumerate(events, start=1):
        yield event
        told += event.tokens
        if 2 * told >= tokens:
            failure = Failure(500, "The upstream simulator was told to fail in the middle of its answer.")
            yield Event(api.error_event(failure, position))
            return


def _failed(api: Api, failure: Failure, pace: Pace = AT_ONCE) -> Reply:
    headers: tuple[tuple[str, str], ...] = ((api.request_id_header, new_id("req_")),)
    if failure.retry_after is not None:
        headers += (("retry-after", str(failure.retry_after)),)
    return Reply(status=failure.status, headers=headers, body=orjson.dumps(api.error(failure)), pace=pace)


def _models() -> Json:
    """The list of models, with the fields of OpenAI's and of Anthropic's list."""
    return {
        "object": "list",
        "data": [
            {
                "id": name,
                "object": "model",
                "created": 1_735_689_600,
                "owned_by": "inferspect-simulator",
                "type": "model",
                "display_name": name,
                "created_at": "2025-01-01T00:00:00Z",
            }
            for name in _EXAMPLE_MODELS
        ],
        "has_more": False,
        "first_id": _EXAMPLE_MODELS[0],
        "last_id": _EXAMPLE_MODELS[-1],
    }
