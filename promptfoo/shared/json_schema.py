"""Passes where the answer is JSON of a schema: ``config: {schema: {...}}``.

A ``schema`` that is a text is a path below the folder ``promptfoo``. With ``fenced: true`` a Markdown fence may stand
around the JSON.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema

FOLDER = Path(__file__).parents[1]
FENCE = re.compile(r"\A\s*```(?:json)?\n(.*)\n```\s*\Z", re.DOTALL)
SHOWN = 3


def get_assert(output: object, context: dict[str, Any]) -> dict[str, Any]:
    """Promptfoo's entry: the verdict on one answer.

    Raises:
        ValueError: the configuration names no schema.
    """
    config = context.get("config") or {}
    schema = config.get("schema")
    if isinstance(schema, str):
        schema = json.loads((FOLDER / schema).read_text(encoding="utf-8"))
    if not isinstance(schema, dict):
        raise ValueError("Give config: {schema: ...}, a JSON schema or a path below promptfoo/.")  # noqa: TRY004
    reason = problem(output, schema, fenced=config.get("fenced") is True)
    return {"pass": reason is None, "score": float(reason is None), "reason": reason or "It keeps to the schema."}


def problem(output: object, schema: dict[str, Any], *, fenced: bool) -> str | None:
    """What is wrong with ``output``, by place; None where nothing is."""
    value = output
    if isinstance(output, str):
        within = FENCE.match(output) if fenced else None
        try:
            value = json.loads(within[1] if within else output, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            return f"The answer is not JSON: {error.msg} at character {error.pos}."
        except (ValueError, RecursionError) as error:
            return f"The answer is not JSON: {error}."
    validator = jsonschema.validators.validator_for(schema)(schema)
    errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    if not errors:
        return None
    told = "; ".join(f"{error.json_path}: {error.message[:200]}" for error in errors[:SHOWN])
    return told if len(errors) <= SHOWN else f"{told}; and {len(errors) - SHOWN} more"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is none of its numbers")
