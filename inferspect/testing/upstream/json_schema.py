"""Example values for JSON schemas, so that simulated tool calls and structured answers pass validation."""

from __future__ import annotations

import math
from typing import Any

_DEEPEST = 6
_FORMATS = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "person@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}


def example(schema: object, text: str = "example") -> Any:
    """A value that fits `schema`; `text` fills strings without constraints.

    Understood are type, enum, const, default, properties, items, minItems, bounds of numbers, lengths and common
    formats of strings, anyOf, oneOf, allOf and local `$ref`. `pattern` and the rarer keywords are not.
    """
    return _example(schema, schema if isinstance(schema, dict) else {}, text, 0)


def _example(schema: object, root: dict[str, Any], text: str, depth: int) -> Any:  # noqa: PLR0911 - one return a keyword
    if not isinstance(schema, dict):
        return text
    schema = _resolved(schema, root, depth)
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = _kind(schema)
    if kind == "object":
        return _object(schema, root, text, depth)
    if kind == "array":
        # A recursive schema ends here: an empty list is the one value that needs no further depth.
        count = max(schema.get("minItems", 0), 0 if depth > _DEEPEST else 1)
        return [_example(schema.get("items"), root, text, depth + 1) for _ in range(count)]
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    return _string(schema, text)


def _resolved(schema: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
    for _ in range(_DEEPEST):
        if isinstance(schema.get("$ref"), str):
            target: Any = root
            for step in schema["$ref"].lstrip("#").strip("/").split("/"):
                target = target.get(step, {}) if step and isinstance(target, dict) else target
            siblings = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**target, **siblings} if isinstance(target, dict) else siblings
        elif schema.get("anyOf") or schema.get("oneOf"):
            options = schema.get("anyOf") or schema["oneOf"]
            ends = [option for option in options if isinstance(option, dict) and option.get("type") == "null"]
            schema = ends[0] if ends and depth > _DEEPEST else options[0]
        elif schema.get("allOf"):
            parts = [_resolved(part, root, depth) for part in schema["allOf"]]
            properties = {name: value for part in parts for name, value in part.get("properties", {}).items()}
            schema = {key: value for key, value in schema.items() if key != "allOf"}
            for part in parts:
                schema = {**part, **schema}
            if properties:
                schema["properties"] = {**properties, **schema.get("properties", {})}
        else:
            break
    return schema


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _object(schema: dict[str, Any], root: dict[str, Any], text: str, depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    if depth > _DEEPEST:
        required = schema.get("required", [])
        properties = {name: value for name, value in properties.items() if name in required}
        if depth > 2 * _DEEPEST:
            properties = {}
    return {name: _example(value, root, text, depth + 1) for name, value in properties.items()}


def _number(schema: dict[str, Any], *, whole: bool) -> float:
    value: float = 1
    if "exclusiveMinimum" in schema:
        value = max(value, schema["exclusiveMinimum"] + 1)
    value = max(value, schema.get("minimum", value))
    value = min(value, schema.get("maximum", value), schema.get("exclusiveMaximum", value + 1) - 1)
    step = schema.get("multipleOf")
    if step:
        value = math.ceil(value / step) * step
    return int(value) if whole else value


def _string(schema: dict[str, Any], text: str) -> str:
    value: str = _FORMATS.get(schema.get("format", ""), text)
    value += "x" * (schema.get("minLength", 0) - len(value))
    return value[: int(schema.get("maxLength", len(value)))]
