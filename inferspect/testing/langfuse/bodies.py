"""The bodies that Langfuse's ingestion and scores endpoints take, checked as Langfuse checks them.

Source: Langfuse's published OpenAPI description, and the types that its SDK 5 generates from it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)
from pydantic.alias_generators import to_camel

from inferspect.testing.langfuse.records import Observation, Score, Trace


def _of_users(environment: str) -> str:
    if environment.startswith("langfuse"):
        raise ValueError("environments that begin with langfuse are Langfuse's own")
    return environment


Environment = Annotated[str, Field(pattern=r"^[a-z0-9_-]+$", max_length=40), AfterValidator(_of_users)]
MAXIMUM_TEXT = 500
Amount = TypeVar("Amount", int, float)

OBSERVATION_EVENTS = frozenset({"span-create", "span-update", "generation-create", "generation-update", "event-create"})
TYPED_EVENTS = frozenset({"observation-create", "observation-update"})
ObservationType = Literal[
    "SPAN", "GENERATION", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL"
]


class Body(BaseModel):
    """Names are in camel case on the wire; what Langfuse does not know it leaves out."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class ScoreBody(Body):
    """One score that is to be created, or replaced where id and timestamp are those of another."""

    id: str | None = None
    name: str = Field(min_length=1)
    value: StrictInt | StrictFloat | StrictStr
    data_type: Literal["NUMERIC", "BOOLEAN", "CATEGORICAL", "CORRECTION", "TEXT"] | None = None
    trace_id: str | None = None
    observation_id: str | None = None
    session_id: str | None = None
    dataset_run_id: str | None = None
    comment: str | None = None
    metadata: Any = None
    environment: Environment | None = None
    config_id: str | None = None
    queue_id: str | None = None
    source: Literal["API", "ANNOTATION"] | None = None
    timestamp: AwareDatetime | None = None

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if sum(bool(one) for one in (self.trace_id, self.session_id, self.dataset_run_id)) != 1:
            raise ValueError("give exactly one of traceId, sessionId and datasetRunId")
        if self.observation_id and not self.trace_id:
            raise ValueError("observationId needs traceId")
        return self

    @model_validator(mode="after")
    def _value_of_its_type(self) -> Self:
        is_text = isinstance(self.value, str)
        if self.data_type in ("NUMERIC", "BOOLEAN") and is_text:
            raise ValueError(f"the value of a {self.data_type} score is a number")
        if self.data_type == "BOOLEAN" and self.value not in (0, 1):
            raise ValueError("the value of a BOOLEAN score is 0 or 1")
        if self.data_type in ("CATEGORICAL", "CORRECTION", "TEXT") and not is_text:
            raise ValueError(f"the value of a {self.data_type} score is text")
        if self.data_type == "TEXT" and not 1 <= len(str(self.value)) <= MAXIMUM_TEXT:
            raise ValueError(f"the value of a TEXT score has 1 to {MAXIMUM_TEXT} characters")
        return self

    def score(self) -> Score:
        inferred = "CATEGORICAL" if isinstance(self.value, str) else "NUMERIC"
        return Score(
            id=self.id or str(uuid.uuid4()),
            name=self.name,
            value=self.value,
            data_type=self.data_type or inferred,
            timestamp=self.timestamp or datetime.now(UTC),
            trace_id=self.trace_id,
            observation_id=self.observation_id,
            session_id=self.session_id,
            dataset_run_id=self.dataset_run_id,
            comment=self.comment,
            metadata=self.metadata,
            environment=self.environment or "default",
            config_id=self.config_id,
            source=self.source or "API",
        )


class TraceBody(Body):
    """One trace, or more of one that is there."""

    id: str | None = None
    timestamp: AwareDatetime | None = None
    name: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    release: str | None = None
    version: str | None = None
    environment: Environment | None = None
    public: bool | None = None
    tags: list[str] | None = None
    metadata: Any = None
    input: Any = None
    output: Any = None

    def trace(self) -> Trace:
        said = self.model_dump(exclude_none=True, exclude={"id", "metadata"})
        return Trace(id=self.id or uuid.uuid4().hex, metadata=_as_object(self.metadata), **said)


class UsageBody(Body):
    """Usage and cost as they were before there were details, by Langfuse's names or OpenAI's."""

    input: int | None = None
    output: int | None = None
    total: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    input_cost: float | None = None
    output_cost: float | None = None
    total_cost: float | None = None

    def usage_details(self) -> dict[str, int]:
        openai = {"input": self.prompt_tokens, "output": self.completion_tokens, "total": self.total_tokens}
        own = {"input": self.input, "output": self.output, "total": self.total}
        return _with_total({name: openai[name] if value is None else value for name, value in own.items()})

    def cost_details(self) -> dict[str, float]:
        return _with_total({"input": self.input_cost, "output": self.output_cost, "total": self.total_cost})


class ObservationBody(Body):
    """One observation, or more of one that is there; the deprecated ``usage`` counts where there are no details."""

    id: str | None = None
    type: ObservationType | None = None
    trace_id: str | None = None
    parent_observation_id: str | None = None
    name: str | None = None
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None
    completion_start_time: AwareDatetime | None = None
    level: Literal["DEBUG", "DEFAULT", "WARNING", "ERROR"] | None = None
    status_message: str | None = None
    version: str | None = None
    environment: Environment | None = None
    model: str | None = None
    model_parameters: dict[str, Any] | None = None
    usage: UsageBody | None = None
    usage_details: dict[str, int] | None = None
    cost_details: dict[str, float] | None = None
    prompt_name: str | None = None
    prompt_version: int | None = None
    metadata: Any = None
    input: Any = None
    output: Any = None

    def observation(self, kind: str) -> Observation:
        names = {"parent_observation_id": "parent_id", "start_time": "start", "end_time": "end"}
        said = self.model_dump(exclude_none=True, exclude={"id", "trace_id", "type", "metadata", "usage"})
        if self.usage is not None:
            said = {"usage_details": self.usage.usage_details(), "cost_details": self.usage.cost_details(), **said}
        ours = {names.get(name, name): value for name, value in said.items()}
        own_id = self.id or uuid.uuid4().hex[:16]
        trace_id = self.trace_id or own_id
        return Observation(id=own_id, trace_id=trace_id, type=kind, metadata=_as_object(self.metadata), **ours)


class IngestionEvent(Body):
    """The envelope of one event of a batch."""

    id: str
    type: str
    timestamp: AwareDatetime
    body: dict[str, Any]

    def record(self) -> Score | Trace | Observation | None:
        """What the event brings; ``None`` for a log of an SDK.

        Raises:
            ValueError: the body is none of its type, or the type is unknown.
        """
        if self.type == "score-create":
            return ScoreBody.model_validate(self.body).score()
        if self.type == "trace-create":
            return TraceBody.model_validate(self.body).trace()
        if self.type in OBSERVATION_EVENTS:
            return ObservationBody.model_validate(self.body).observation(self.type.partition("-")[0])
        if self.type in TYPED_EVENTS:
            body = ObservationBody.model_validate(self.body)
            if body.type is None:
                raise ValueError("type: an observation has one")
            return body.observation(body.type.lower())
        if self.type == "sdk-log":
            return None
        raise ValueError(f"there is no event of the type {self.type!r}")


def _with_total(details: Mapping[str, Amount | None]) -> dict[str, Amount]:
    """Without what is not told, and with the sum where no total is."""
    told = {name: value for name, value in details.items() if value is not None}
    return {**told, "total": told.get("total", sum(told.values()))} if told else {}


def _as_object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"metadata": value}
