"""How answers are scored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from inferspect.observation.score_names import BUILT_IN, add_own
from inferspect.observation.scorer import load_scorer
from inferspect.secret import Secret
from inferspect.section import Seconds, Section

Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1, max_length=256)]


def _scorer(dotted: str) -> str:
    scorer = load_scorer(dotted)
    if scorer.name in BUILT_IN:
        raise ValueError(f"the scorer {dotted} has the name of one of the gateway's own, {scorer.name!r}")
    add_own(scorer.name, (scorer.low, scorer.high), scorer.direction)
    return dotted


def _named_once(scorers: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse two scorers of one name: each would write over what the other gave."""
    known: dict[str, str] = {}
    for dotted in scorers:
        name = load_scorer(dotted).name
        if name in known:
            raise ValueError(f"the scorers {known[name]} and {dotted} have the same `name`, {name!r}")
        known[name] = dotted
    return scorers


class JudgeSettings(Section):
    """A model that is asked about answers."""

    model: Text = Field(description="Its name, as a client would call it.")
    sample: Share = Field(default=0.05, description="Share of the answers that it is asked about.")
    scores: tuple[Literal["Toxicity", "Relevance (judge)", "Grounded in Context (judge)"], ...] = Field(
        default=("Toxicity",), min_length=1, description="What it is asked, all in one call."
    )


class EmbeddingSettings(Section):
    """A model whose embeddings of question and answer are compared."""

    model: Text = Field(description="Its name, as a client would call it.")
    sample: Share = Field(default=0.05, description="Share of the answers that are compared so.")


class QualityModelSettings(Section):
    """Models of the gateway that score answers, too, of tenants whose rules allow it."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] = Field(
        description="Address of the gateway, such as `http://127.0.0.1:4000`."
    )
    key: Secret = Field(
        description="Reference to a virtual key that is used for nothing else: what is called with it is not scored."
    )
    dollars_a_day: Annotated[float, Field(gt=0)] = Field(
        description="US dollars of a UTC day, all processes together, after which no model is asked any more."
    )
    assumed_dollars: Annotated[float, Field(ge=0)] = Field(
        default=0.01, description="US dollars that a call counts for where the gateway does not know its cost."
    )
    timeout: Seconds = Field(default=30, description="Seconds that an answer may take.")
    judge: JudgeSettings | None = Field(default=None, description="A model that is asked about answers.")
    embeddings: EmbeddingSettings | None = Field(
        default=None, description="A model whose embeddings of question and answer are compared."
    )


class DeepchecksSettings(Section):
    """Deepchecks' hosted product, which gets answers with their scores; needs `inferspect[deepchecks]`."""

    application: Text = Field(description="Name of the application there.")
    version: Text = Field(default="production", description="Name of its version there.")
    environment: Literal["PROD", "EVAL"] = Field(default="PROD", description="Kind of data there.")
    host: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] = Field(
        default="https://app.llm.deepchecks.com", description="Address of the server."
    )
    token: Secret = Field(description="Reference to the API token.")


class QualitySettings(Section):
    """How answers are scored."""

    enabled: bool = Field(default=True, description="Whether answers are scored at all.")
    processes: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="Processes that score, of each process that delivers events; some 130 MB each."
    )
    batch: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=50, description="Most answers that are stored together."
    )
    deadline: Seconds = Field(
        default=10, description="Seconds after which a process that still scores one answer is ended."
    )
    scorer_deadline: Annotated[float, Field(ge=0.01, le=60)] = Field(
        default=0.5,
        description="Seconds of processor time that one scorer may take for one answer; the other scores are kept.",
    )
    max_characters: Annotated[int, Field(ge=1000, le=200_000)] = Field(
        default=20_000,
        description="Characters of a question, a context and an answer that are looked at, from its start.",
    )
    scorers: Annotated[tuple[Annotated[Text, AfterValidator(_scorer)], ...], AfterValidator(_named_once)] = Field(
        default=(), description="Scorers of your own, as `package.module:Class`."
    )
    models: QualityModelSettings | None = Field(default=None, description="Models of the gateway that score, too.")
    deepchecks: DeepchecksSettings | None = Field(
        default=None, description="Deepchecks' hosted product, which gets answers with their scores."
    )
    thresholds_every: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=60, description="Seconds between two comparisons of means with the tenants' thresholds."
    )
    metric_models: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=30,
        description="Most configured models that the metrics tell apart; the rest and unknown names are `other`.",
    )
