"""Every setting with its type, default, variable and description: ``docs/settings.md`` and ``inferspect doctor``.

``python -m inferspect.settings_reference`` writes the page, ``make docs`` calls it.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from inferspect.observation.durations import duration_text
from inferspect.settings import LaunchSettings, Settings
from inferspect.tenancy import TenantRules

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
PREFIX = "INFERSPECT_"
SEPARATOR = "__"

INTRODUCTION = """\
# Settings

Generated from `inferspect/settings.py` and `inferspect/tenancy/` by `make docs`; do not edit.

The environment wins over `litellm_config.yaml`, which wins over the default. `inferspect doctor --settings` prints the
values in force and where each comes from. The other keys of `litellm_config.yaml` are LiteLLM's own.
"""
LAUNCH = """\
## The launcher

Read from the environment by `inferspect serve`, `doctor` and `migrate`. An empty variable counts as unset.
"""
OWN = """\
## The gateway

Below the key `inferspect` of `litellm_config.yaml`, or by variable. A variable holds one value, or a whole section or
list as JSON.
"""
RULES = """\
## Tenant rules

For one tenant below `metadata.inferspect` of its LiteLLM team; for all tenants below `inferspect.default_rules` of
`litellm_config.yaml`, or by variable. A tenant's rules are laid over the default ones: maps key by key, everything else
as a whole. What the rules of guardrails do: [guardrails](guardrails.md).
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting; ``path`` is its place below the section that holds it, ``variable`` its environment variable."""

    path: tuple[str, ...]
    type: str
    default: Any
    variable: str
    description: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


def launch_entries() -> list[Entry]:
    return [_entry((name,), field, name.upper()) for name, field in LaunchSettings.model_fields.items()]


def settings_entries() -> list[Entry]:
    """The settings of the ``inferspect`` section, the default rules included."""
    return list(_leaves(Settings, (), PREFIX))


def rules_entries() -> list[Entry]:
    return list(_leaves(TenantRules, (), f"{PREFIX}DEFAULT_RULES{SEPARATOR}"))


def page() -> str:
    own = [entry for entry in settings_entries() if entry.path[0] != "default_rules"]
    return (
        "\n".join(
            [
                INTRODUCTION,
                LAUNCH,
                _table("variable", [(f"`{entry.variable}`", entry) for entry in launch_entries()]),
                OWN,
                *_sections(Settings, own),
                *_objects(dict.fromkeys(_values(Settings, besides=("default_rules",)))),
                RULES,
                *_sections(TenantRules, rules_entries()),
                *_objects(dict.fromkeys(_values(TenantRules))),
            ]
        ).rstrip("\n")
        + "\n"
    )


def _leaves(model: type[BaseModel], path: tuple[str, ...], prefix: str) -> Iterator[Entry]:
    for name, field in model.model_fields.items():
        section = _section_of(field)
        if section is None:
            yield _entry((*path, name), field, prefix + name.upper())
        else:
            yield from _leaves(section, (*path, name), f"{prefix}{name.upper()}{SEPARATOR}")


def _objects(values: Iterable[type[BaseModel]]) -> Iterator[str]:
    """The models that settings hold as a value, in a map or where one is given at all, each with its members."""
    for value in values:
        rows = [(f"`{field.alias or name}`", _entry((name,), field, "")) for name, field in value.model_fields.items()]
        yield f"### `{value.__name__}`\n\n{inspect.cleandoc(value.__doc__ or '')}\n"
        yield _table("member", rows)


def _values(model: type[BaseModel], besides: Container[str] = ()) -> Iterator[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if name not in besides:
            section = _section_of(field)
            yield from _values(section) if section else _models_in(field.annotation)


def _models_in(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        yield from _values(kind)
    for argument in get_args(kind):
        yield from _models_in(argument)


def _section_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _entry(path: tuple[str, ...], field: FieldInfo, variable: str) -> Entry:
    default = field.get_default(call_default_factory=True)
    return Entry(path, _type_of(field), default, variable, field.description or "")


def _type_of(field: FieldInfo) -> str:
    """The type in the words of JSON schema, with its bounds, so that what pydantic enforces is what is told."""
    annotated: Any = field.annotation
    for constraint in field.metadata:
        annotated = Annotated[annotated, constraint]
    return _described(TypeAdapter(annotated).json_schema())


def _described(schema: dict[str, Any]) -> str:
    if "anyOf" in schema or "oneOf" in schema:
        options = schema.get("anyOf") or schema["oneOf"]
        alternatives = [_described(option) for option in options if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(alternatives))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{name.lower()})"
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(f"`{value if isinstance(value, str) else json.dumps(value)}`" for value in values)
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_described(schema['items'])}"
    if kind == "object":
        keys = _described(schema.get("propertyNames", {"type": "string"}))
        values = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), None)
        return f"map from {keys} to {_described(values)}" if isinstance(values, dict) else "map"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`"}
    formats = {"ipv4network": "IPv4 network", "ipv6network": "IPv6 network", "path": "path"}
    return formats.get(schema.get("format", ""), names.get(kind, kind)) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    words = (
        ("minimum", "at least {}"),
        ("exclusiveMinimum", "above {}"),
        ("maximum", "at most {}"),
        ("minLength", "at least {} characters"),
        ("maxLength", "at most {} characters"),
    )
    told = [word.format(_number(schema[name])) for name, word in words if name in schema]
    return f", {' and '.join(told)}" if told else ""


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else str(value)


def _sections(model: type[BaseModel], entries: list[Entry]) -> Iterator[str]:
    for name in dict.fromkeys(entry.path[0] for entry in entries):
        section = _section_of(model.model_fields[name])
        rows = [(f"`{entry.name}`", entry) for entry in entries if entry.path[0] == name]
        yield f"### `{name}`\n\n{(section.__doc__ or '').strip() if section else ''}\n"
        yield _table("setting", rows, variables=True)


def _table(first: str, rows: list[tuple[str, Entry]], *, variables: bool = False) -> str:
    columns = [first, "type", "default", *(["variable"] if variables else []), "description"]
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for name, entry in rows:
        cells = [name, entry.type, _default(entry.default), *([f"`{entry.variable}`"] if variables else [])]
        cells = [cell.replace("|", "\\|") for cell in (*cells, entry.description)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "must be given"
    if value is None:
        return "unset"
    if isinstance(value, timedelta):
        return f"`{duration_text(value)}`"
    shown = str(value) if isinstance(value, (str, Path)) else json.dumps(value, default=list)
    return f"`{re.sub(r'[.]0$', '', shown)}`"


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
