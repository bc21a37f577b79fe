"""What Langfuse keeps: traces with their observations, and scores."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import orjson


@dataclass(slots=True, kw_only=True)
class Observation:
    """One step of a trace.

    Attributes:
        id: sixteen hexadecimal digits, where it came as a span.
        type: such as ``generation``, ``span`` or ``guardrail``.
        level: ``DEBUG``, ``DEFAULT``, ``WARNING`` or ``ERROR``.
        input, output: objects and lists out of their JSON, anything else as text.
        usage_details: tokens by kind; ``cost_details``: US dollars by kind.
        completion_start_time: when the first token came.
        arrivals: how often it was sent; each time in place of the time before.
    """

    id: str
    trace_id: str
    parent_id: str | None = None
    type: str = "span"
    name: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    level: str = "DEFAULT"
    status_message: str | None = None
    version: str | None = None
    environment: str = "default"
    model: str | None = None
    model_parameters: dict[str, Any] = field(default_factory=dict)
    input: Any = None
    output: Any = None
    usage_details: dict[str, Any] = field(default_factory=dict)
    cost_details: dict[str, Any] = field(default_factory=dict)
    completion_start_time: datetime | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    prompt_name: str | None = None
    prompt_version: int | None = None
    arrivals: int = 1


@dataclass(slots=True, kw_only=True)
class Trace:
    """One trace; what it says of itself comes from its root and from any span that says something of the trace.

    Attributes:
        observations: by id, in the order in which they came first.
    """

    id: str
    name: str | None = None
    timestamp: datetime | None = None
    user_id: str | None = None
    session_id: str | None = None
    tags: list[str] = field(default_factory=list)
    release: str | None = None
    version: str | None = None
    environment: str = "default"
    public: bool | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    input: Any = None
    output: Any = None
    observations: dict[str, Observation] = field(default_factory=dict)

    @property
    def roots(self) -> list[Observation]:
        """The observations whose parent is none of this trace."""
        return [one for one in self.observations.values() if one.parent_id not in self.observations]

    def of_type(self, kind: str) -> list[Observation]:
        return [one for one in self.observations.values() if one.type == kind]


@dataclass(slots=True, kw_only=True)
class Score:
    """One score of a trace, one of its observations, a session or a dataset run.

    Attributes:
        value: a number, or text for ``CATEGORICAL``, ``TEXT`` and ``CORRECTION``.
        arrivals: how often it was sent with this id and this timestamp.
    """

    id: str
    name: str
    value: float | str
    data_type: str
    timestamp: datetime
    trace_id: str | None = None
    observation_id: str | None = None
    session_id: str | None = None
    dataset_run_id: str | None = None
    comment: str | None = None
    metadata: Any = None
    environment: str = "default"
    config_id: str | None = None
    source: str = "API"
    arrivals: int = 1


def readable(text: Any) -> Any:
    """Objects and lists out of their JSON; anything else as it is."""
    if isinstance(text, str) and text[:1] in ("{", "["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def update(kept: Trace | Observation, later: Trace | Observation) -> None:
    """Take over what ``later`` says, leave what it does not say."""
    for part in fields(kept):
        value = getattr(later, part.name)
        if part.name in ("metadata", "observations"):
            getattr(kept, part.name).update(value)
        elif value not in (None, [], {}, part.default) and part.name != "arrivals":
            setattr(kept, part.name, value)
