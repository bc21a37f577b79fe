"""Where the texts of a request and of an answer stand, for every guardrail.

The walk goes by structure and never by a model of the API: whatever is a string inside of a field that a model reads
is a text, except for the few keys that hold labels, identifiers or encoded media. A field that a provider invents
tomorrow is therefore scanned, and a body of the wrong shape neither crashes the walk nor hides a string from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST_FIELDS = (
    "messages", "system", "prompt", "suffix", "input", "instructions", "prediction",
    "contents", "system_instruction", "systemInstruction", "query", "documents",
)  # fmt: skip
# Settings, identifiers, media, definitions, and what LiteLLM keeps beside a request. Any other field of a request is
# passed on to the provider, or added to what it gets, and may hold content.
OTHER_FIELDS = frozenset({
    "model", "user", "metadata", "litellm_metadata", "tags", "safety_identifier", "prompt_cache_key", "service_tier",
    "previous_response_id", "conversation", "tools", "functions", "tool_choice", "function_call", "response_format",
    "image", "images", "mask", "file", "audio", "video", "document", "logit_bias", "modalities", "timeout",
    "cache", "proxy_server_request", "secret_fields", "litellm_params",
})  # fmt: skip
RESPONSE_FIELDS = ("choices", "output", "content", "instructions", "text")

# Labels and identifiers: the API or the provider reads them, and a changed one breaks the conversation.
LABELS = frozenset({
    "type", "role", "name", "id", "object", "status", "model", "format", "detail", "index", "finish_reason",
    "stop_reason", "media_type", "mime_type", "mimeType", "tool_call_id", "tool_use_id", "call_id", "item_id",
    "container_id", "file_id", "cache_control", "phase", "encrypted_content", "encrypted_index", "signature",
    "thought_signature", "thoughtSignature", "file_data",
})  # fmt: skip
MEDIA = frozenset({"image_url", "input_audio", "audio", "inline_data", "inlineData", "file_data", "fileData"})
MEDIA_VALUES = frozenset({"url", "data", "file_uri", "fileUri"})
OPAQUE_TYPES = frozenset({"base64", "url", "file", "redacted_thinking"})

SHORTEST_NUMBER_WORTH_READING = 10_000_000
BREATHE_EVERY = 1024

Mode = Literal["parts", "media", "free"]


@dataclass(frozen=True, slots=True)
class Text:
    """One text and where it stands.

    Attributes:
        container: the dictionary or list that holds it.
        key: its key or index there.
        is_json: whether it is a JSON document in a string, which must stay one.
    """

    container: Any
    key: Any
    is_json: bool = False

    def get(self) -> str:
        """The text; a long number, which may be a card number in a tool's arguments, is read as text too."""
        return str(self.container[self.key])

    def set(self, value: str) -> None:
        self.container[self.key] = value


class Walk:
    """The texts below some fields, in order. Iterating gives ``None`` now and then, so that a caller can give way.

    Attributes:
        token_lists: lists of token ids passed by; what they say cannot be read here.
    """

    def __init__(self, roots: list[tuple[Any, Any, Mode]]) -> None:
        self._roots = roots
        self.token_lists = 0

    def __iter__(self) -> Iterator[Text | None]:
        visited = 0
        # A stack of our own, because a hostile body can be nested deeper than Python's.
        stack = [iter(self._roots)]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                continue
            visited += 1
            if visited % BREATHE_EVERY == 0:
                yield None
            container, key, mode = entry
            value = container[key]
            if isinstance(value, str):
                if value:
                    yield Text(container, key, is_json=key == "arguments")
            elif isinstance(value, bool | float) or value is None:
                continue
            elif isinstance(value, int):
                if mode == "free" and abs(value) >= SHORTEST_NUMBER_WORTH_READING:
                    yield Text(container, key)
            else:
                if isinstance(value, tuple):
                    value = container[key] = list(value)
                stack.append(self._children(value, key, mode))

    def _children(self, value: Any, key: Any, mode: Mode) -> Iterator[tuple[Any, Any, Mode]]:
        if isinstance(value, list):
            if value and isinstance(value[0], int) and mode == "parts":
                self.token_lists += 1
            for index in range(len(value)):
                yield value, index, mode
        elif isinstance(value, dict):
            yield from _members(value, value, key, mode)
        elif isinstance(value, BaseModel):
            fields = vars(value)
            yield from _members(fields, fields, key, mode)
            if value.__pydantic_extra__:
                yield from _members(value.__pydantic_extra__, fields, key, mode)


def _members(
    members: dict[Any, Any], siblings: dict[Any, Any], parent: Any, mode: Mode
) -> Iterator[tuple[dict[Any, Any], Any, Mode]]:
    if mode == "free":
        for key in list(members):
            yield members, key, "free"
        return
    kind = members.get("type") or siblings.get("type")
    encoded = parent in MEDIA or mode == "media" or (isinstance(kind, str) and kind in OPAQUE_TYPES)
    for key, value in list(members.items()):
        if isinstance(value, str) and (key in LABELS or key == "image_url" or (encoded and key in MEDIA_VALUES)):
            continue
        yield members, key, _mode_below(key, value, mode)


def _mode_below(key: Any, value: Any, mode: Mode) -> Mode:
    if isinstance(value, dict) and key in ("input", "arguments", "variables", "args", "response"):
        return "free"
    return "media" if key in MEDIA else mode


def request_fields(data: dict[str, Any]) -> list[str]:
    """The fields of a request that may hold content: those known to, and any that the client made up."""
    snapshot = data.get("proxy_server_request")
    sent = snapshot.get("body") if isinstance(snapshot, dict) else None
    # Without a snapshot, as for a request that is passed through, all of it is the client's.
    made_up = [
        field
        for field in (sent if isinstance(sent, dict) else data)
        if field not in OTHER_FIELDS and field not in REQUEST_FIELDS and isinstance(data.get(field), str | list | dict)
    ]
    return [*(field for field in REQUEST_FIELDS if field in data), *made_up]


def request_texts(data: dict[str, Any]) -> Walk:
    """The texts of a request body as LiteLLM hands it to hooks, whatever endpoint it came by."""
    return Walk([(data, field, "parts") for field in request_fields(data)])


def response_texts(response: Any) -> Walk:
    """The texts of an answer: LiteLLM's response objects, or a dictionary as ``/v1/messages`` has it."""
    return Walk([(members, field, "parts") for members, field in _response_fields(response)])


def empty_response(response: Any) -> None:
    """Take the fields of an answer away that hold its content, whatever they hold."""
    for members, field in _response_fields(response):
        members[field] = []


def _response_fields(response: Any) -> list[tuple[dict[str, Any], str]]:
    fields = vars(response) if isinstance(response, BaseModel) else response
    if not isinstance(fields, dict):
        return []
    places = [fields, getattr(response, "__pydantic_extra__", None) or {}]
    return [(place, field) for place in places for field in RESPONSE_FIELDS if field in place]


class JsonDocument:
    """A JSON document in a string, such as a tool call's arguments, with its texts to be walked and replaced.

    Raises:
        ValueError: it is not JSON, or cannot be written again as it was; it is a text then.
    """

    def __init__(self, text: str) -> None:
        # A repeated key hides all values but the last from a parser, not from every reader: such a document is
        # always written anew.
        self.ambiguous = False
        try:
            self._root = [json.loads(text, object_pairs_hook=self._object, parse_constant=_refuse, parse_float=_float)]
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def texts(self) -> Walk:
        return Walk([(self._root, 0, "free")])

    def dump(self) -> str:
        return json.dumps(self._root[0], ensure_ascii=False)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        self.ambiguous = self.ambiguous or len(members) != len(pairs)
        return members


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _float(number: str) -> float:
    value = float(number)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number beyond what can be written again")
    return value


def drop_token_probabilities(response: Any) -> None:
    """Take away the log probabilities, which spell an answer out token by token, also what was masked in it."""
    pending: list[Any] = [members[field] for members, field in _response_fields(response)]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict | BaseModel):
            members = value if isinstance(value, dict) else vars(value)
            if members.get("logprobs"):
                members["logprobs"] = None
            pending += (member for member in members.values() if isinstance(member, list | dict | BaseModel))
