"""Whether an answer is the JSON that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from inferspect.observation.scorer import Response, Score, Scorer, Skip

JSON_FORMS = ("json_object", "json_schema")


class JsonValidity(Scorer):
    """1 where the answer is JSON, and fits the schema where one was given; 0 otherwise, with what is wrong as label.

    Schemas are clients' own: what they refer to elsewhere is not fetched, and one that is none is skipped. They can be
    made to take for ever, by a pattern or by references, so a deadline must hold.
    """

    name = "JSON validity"
    cost = "milliseconds"

    def __init__(self) -> None:
        import jsonschema  # noqa: PLC0415  scorers are named in processes that do not score
        import referencing  # noqa: PLC0415  as above

        self._jsonschema, self._referencing = jsonschema, referencing

    def applies(self, response: Response) -> Skip | None:
        if (response.response_format or {}).get("type") not in JSON_FORMS:
            return Skip("json_not_asked")
        return Skip("content_cut") if response.cut else super().applies(response)

    def score(self, response: Response) -> Score | Skip:
        try:
            value = json.loads(response.answer, parse_constant=_refused)
        except (ValueError, RecursionError):
            return Score(0.0, "no_json")
        schema = _schema(response.response_format or {})
        if schema is None:
            is_right = isinstance(value, dict)  # what `json_object` promises
            return Score(1.0, "valid") if is_right else Score(0.0, "no_object")
        return self._checked(value, schema)

    def _checked(self, value: Any, schema: Mapping[str, Any]) -> Score | Skip:
        validator, wrong = self._jsonschema.Draft202012Validator, self._jsonschema.exceptions
        try:
            validator.check_schema(schema)
            # With a registry of its own it fetches nothing.
            validator(schema, registry=self._referencing.Registry()).validate(value)
        except (wrong.SchemaError, self._referencing.exceptions.Unresolvable, RecursionError, re.error):
            return Skip("schema_unusable")
        except wrong.ValidationError:
            return Score(0.0, "against_schema")
        return Score(1.0, "valid")


def _schema(form: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of OpenAI's chat (below ``json_schema``) or responses API (beside the type)."""
    holder = form.get("json_schema") if isinstance(form.get("json_schema"), Mapping) else form
    schema = holder.get("schema") if isinstance(holder, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def _refused(constant: str) -> float:
    raise ValueError(constant)
