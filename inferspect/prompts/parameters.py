"""The model's parameters that a prompt brings along, in the words of each API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

from inferspect.prompts.endpoints import CHAT, RESPONSES

Penalty = Annotated[float, Field(ge=-2, le=2)]
IN_MESSAGES, IN_RESPONSES = ("temperature", "top_p", "max_tokens"), ("temperature", "top_p")
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


class Parameters(BaseModel):
    """Defaults for requests that do not say otherwise; the names are those of OpenAI's chat API."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    reasoning_effort: str | None = None
    response_format: dict[str, Any] | None = None

    @field_validator("*")
    @classmethod
    def _is_json(cls, value: Any) -> Any:
        """YAML has dates, numbers and keys that no request can hold."""
        try:
            orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
            json.dumps(value, allow_nan=False)  # where orjson writes null
        except (TypeError, ValueError):
            reason = "holds what JSON does not have: quote dates, and keys that are numbers"
            raise ValueError(reason) from None
        return value

    def written(self) -> dict[str, Any]:
        """Those that the prompt has."""
        return self.model_dump(exclude_none=True)


def add_defaults(data: dict[str, Any], parameters: Parameters, call_type: str) -> None:
    """Add to a request the parameters that it does not have and its API knows."""
    added = data.get("extra_body")
    said = {*data, *(added if isinstance(added, Mapping) else ())}
    said -= {name for name in data if data[name] is None}
    if not said.isdisjoint(LIMITS):
        said.update(LIMITS)
    brought = _for_api(parameters.written(), call_type)
    data.update({name: value for name, value in brought.items() if name not in said})


def _for_api(parameters: dict[str, Any], call_type: str) -> dict[str, Any]:
    if call_type in CHAT:
        return parameters
    if call_type in RESPONSES:
        return _for_responses(parameters)
    kept: dict[str, Any] = {name: parameters[name] for name in IN_MESSAGES if name in parameters}
    if "stop" in parameters:
        stop = parameters["stop"]
        kept["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    return kept


def _for_responses(parameters: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: parameters[name] for name in IN_RESPONSES if name in parameters}
    if "max_tokens" in parameters:
        kept["max_output_tokens"] = parameters["max_tokens"]
    if "reasoning_effort" in parameters:
        kept["reasoning"] = {"effort": parameters["reasoning_effort"]}
    if "response_format" in parameters:
        told = dict(parameters["response_format"])
        schema = told.pop("json_schema", None)
        kept["text"] = {"format": {**told, **(schema if isinstance(schema, dict) else {})}}
    return kept
