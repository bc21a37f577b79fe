"""Reading and copying what events are made of: dictionaries, lists and LiteLLM's pydantic objects, in any mixture.

Nothing is changed where it stands, as LiteLLM keeps the same objects for its own accounts: whoever changes a member
gets a copy of the way to it, which shares everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from guardrails.content.fields import FREE, LABELS, MEDIA, MEDIA_STRINGS, MEDIA_VALUES, OPAQUE_SOURCES
from guardrails.content.signatures import SEALED, is_readable

Node = Any
Path = tuple[Any, ...]

# Labels of single events; ``obfuscation`` is padding that hides the length of pieces.
STREAM_LABELS = LABELS | {
    "event_id", "response_id", "obfuscation", "partial_image_b64", "service_tier", "system_fingerprint", "modelVersion",
    "responseId", "category", "probability", "blockReason",
}  # fmt: skip
FREE_FORM = FREE - {"response"}  # in an event that is the answer itself
# Between one piece of a list's element and the next, its place in the list may change, but not this.
INDEX = "index"


def get(node: Node, key: Any) -> Any:
    """A member, or ``None`` where there is none."""
    if isinstance(node, dict):
        return node.get(key)
    if isinstance(node, BaseModel):
        found = vars(node).get(key)
        return (node.__pydantic_extra__ or {}).get(key) if found is None else found
    if isinstance(node, list):
        return node[key] if isinstance(key, int) and 0 <= key < len(node) else None
    return None


def members(node: Node) -> Iterator[tuple[Any, Any]]:
    """Keys and values of what has members; nothing of what has none."""
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, BaseModel):
        yield from vars(node).items()
        yield from (node.__pydantic_extra__ or {}).items()
    elif isinstance(node, list | tuple):
        yield from enumerate(node)


def with_members(node: Node, changes: dict[Any, Any]) -> Node:
    """A copy of ``node`` with some members changed."""
    if isinstance(node, BaseModel):
        copy = node.model_copy()
        extra = copy.__pydantic_extra__
        for key, value in changes.items():
            # An attribute may be a declared one or an extra one; and assigning checks and converts.
            place = extra if extra is not None and (key in extra or key not in vars(copy)) else vars(copy)
            place[key] = value
        copy.__pydantic_fields_set__.update(changes)
        return copy
    if isinstance(node, dict):
        return {**node, **changes}
    return [changes.get(index, value) for index, value in enumerate(node)]


def replaced(node: Node, path: Path, value: Any) -> Node:
    """A copy of ``node`` with the member at ``path`` replaced."""
    if not path:
        return value
    return with_members(node, {path[0]: replaced(get(node, path[0]), path[1:], value)})


def without(node: Node, keep: frozenset[Any]) -> Node:
    """A copy of ``node`` with nothing but some members; a pydantic object has ``None`` for the others."""
    if isinstance(node, BaseModel):
        return with_members(node, {key: None for key, _ in members(node) if key not in keep})
    if isinstance(node, dict):
        return {key: value for key, value in node.items() if key in keep}
    return node


def skeleton(node: Node, path: Path, value: Any) -> Node:
    """What of ``node`` says where ``value`` belongs, with ``value`` at ``path`` and no other content."""
    if not path:
        return value
    inner = skeleton(get(node, path[0]), path[1:], value)
    if isinstance(node, list | tuple):
        return [inner]
    return with_members(without(node, frozenset({INDEX, "type", path[0]})), {path[0]: inner})


def is_empty(node: Node) -> bool:
    """Whether there is nothing in it but what says where it belongs."""
    if isinstance(node, str):
        return not node
    if isinstance(node, dict | BaseModel | list | tuple):
        return all(key in (INDEX, "type") or is_empty(value) for key, value in members(node))
    return node is None


def texts(node: Node, path: Path = (), skip: frozenset[str] = frozenset()) -> Iterator[tuple[Path, Any]]:
    """Every text that may be content, with the path to it; labels and encoded media are left out.

    A free-form JSON value, such as the input of a tool, is given as it is. Members of ``node`` itself whose names are
    in ``skip`` are left out as well.
    """
    if get(node, "type") == "redacted_thinking":
        return
    # Parsers of JSON let nothing in that is nested too deeply for a recursion.
    media = MEDIA_STRINGS | {"result"} if get(node, "type") == "image_generation_call" else MEDIA_STRINGS
    encoded = not isinstance(node, list | tuple) and _is_encoded(node, path)
    for key, value in members(node):
        if key in skip:
            continue
        if isinstance(value, str):
            is_media = (key in media or (encoded and key in MEDIA_VALUES)) and " " not in value
            is_label = key in STREAM_LABELS and not (key == SEALED and is_readable(value))
            if value and not is_label and not is_media:
                yield (*path, key), value
        elif key in FREE_FORM and isinstance(value, dict | list):
            if value:
                yield (*path, key), value
        elif isinstance(value, dict | BaseModel | list | tuple):
            yield from texts(value, (*path, key))


def _is_encoded(node: Node, path: Path) -> bool:
    if not path:
        return False
    return path[-1] in MEDIA or (path[-1] == "source" and get(node, "type") in OPAQUE_SOURCES)


def place_of(node: Node, path: Path) -> Path:
    """``path`` with an element of a list known by its own index, so that it names the same text in every event."""
    place: list[Any] = []
    for key in path:
        inner = get(node, key)
        index = get(inner, INDEX) if isinstance(node, list) else None
        place.append(index if isinstance(index, int) else key)
        node = inner
    return tuple(place)
