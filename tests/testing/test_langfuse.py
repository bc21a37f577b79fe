"""The Langfuse collector against Langfuse's own SDK and the types that it generates from the published API."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from langfuse import Langfuse, propagate_attributes
from langfuse._client.resource_manager import LangfuseResourceManager
from langfuse.api import LangfuseAPI, NotFoundError, Prompt_Chat, Prompt_Text, UnauthorizedError
from langfuse.api.core import ApiError
from langfuse.api.scores.types.create_score_batch_response import CreateScoreBatchResponse
from langfuse.api.scores.types.create_score_batch_results import CreateScoreBatchResults
from langfuse.api.scores.types.create_score_request import CreateScoreRequest
from opentelemetry.sdk.trace import TracerProvider

from inferspect.testing.langfuse import LangfuseCollector, Prompt
from inferspect.testing.langfuse.bodies import ScoreBody
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY

Started = Callable[..., tuple[Langfuse, LangfuseCollector]]

TRACE_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def sdk() -> Iterator[Started]:
    """Starts a collector with a key of its own, for the SDK keeps one client for each public key."""
    started: list[tuple[Langfuse, TracerProvider, LangfuseCollector]] = []

    def start(**options: object) -> tuple[Langfuse, LangfuseCollector]:
        public_key = f"pk-lf-{uuid.uuid4().hex}"
        collector = LangfuseCollector(keys={public_key: SECRET_KEY}).start()
        provider = TracerProvider()
        client = Langfuse(
            public_key=public_key,
            secret_key=SECRET_KEY,
            base_url=collector.url,
            tracer_provider=provider,
            flush_interval=0.05,
            **options,  # type: ignore[arg-type]
        )
        started.append((client, provider, collector))
        return client, collector

    yield start
    for client, provider, collector in started:
        client.shutdown()
        provider.shutdown()
        collector.stop()
    LangfuseResourceManager.reset()  # it would keep their threads' objects for ever


@pytest.fixture
def collector() -> Iterator[LangfuseCollector]:
    with LangfuseCollector() as running:
        yield running


def api_of(collector: LangfuseCollector, secret_key: str = SECRET_KEY) -> LangfuseAPI:
    return LangfuseAPI(base_url=collector.url, username=PUBLIC_KEY, password=secret_key)


def test_a_generation_of_the_sdk_arrives_with_all_its_fields(
    sdk: Started,
) -> None:
    """What was set in the SDK is what the collector tells, for the generation, its guardrail and the trace."""
    client, collector = sdk(environment="staging", release="2026.11")
    first_token = datetime.now(UTC)
    attributes = propagate_attributes(
        user_id="lan", session_id="chat-7", tags=["vip", "beta"], metadata={"plan": "gold"}, trace_name="support"
    )
    with (
        attributes,
        client.start_as_current_observation(
            name="chat",
            as_type="generation",
            model="gpt-4o",
            model_parameters={"temperature": 0.5},
            input=[{"role": "user", "content": "xin chào"}],
            metadata={"attempt": 2, "text": "5"},
            usage_details={"input": 3, "output": 4, "input_cached_tokens": 1},
            cost_details={"input": 0.25, "output": 0.5},
            completion_start_time=first_token,
        ) as generation,
    ):
        with client.start_as_current_observation(name="pii", as_type="guardrail", level="WARNING"):
            pass
        generation.update(output="chào", level="ERROR", status_message="cut")
    client.flush()

    (trace,) = collector.traces().values()
    assert (trace.name, trace.user_id, trace.session_id, trace.tags) == ("support", "lan", "chat-7", ["vip", "beta"])
    assert (trace.environment, trace.release, trace.metadata["plan"]) == ("staging", "2026.11", "gold")
    (root,) = trace.roots
    assert (root.type, root.name, root.model, root.parent_id) == ("generation", "chat", "gpt-4o", None)
    assert root.input == trace.input == [{"role": "user", "content": "xin chào"}]
    assert root.output == trace.output == "chào"
    assert root.model_parameters == {"temperature": 0.5}
    assert root.metadata == {"attempt": 2, "text": "5"}
    assert root.usage_details == {"input": 3, "output": 4, "input_cached_tokens": 1}
    assert root.cost_details == {"input": 0.25, "output": 0.5}
    assert (root.level, root.status_message, root.completion_start_time) == ("ERROR", "cut", first_token)
    (guardrail,) = trace.of_type("guardrail")
    assert (guardrail.name, guardrail.level, guardrail.parent_id) == ("pii", "WARNING", root.id)
    assert root.start is not None
    assert root.end is not None
    assert guardrail.start is not None
    assert root.start <= guardrail.start <= root.end


def test_scores_of_the_sdk_arrive(sdk: Started) -> None:
    """Numbers, truth values and categories, of a trace, an observation and a session."""
    client, collector = sdk()
    client.create_score(name="Relevance", value=0.9, trace_id=TRACE_ID, score_id="one", comment="good")
    client.create_score(name="PII", value=1, data_type="BOOLEAN", trace_id=TRACE_ID, observation_id="0123456789abcdef")
    client.create_score(name="Language", value="vi", session_id="chat-7")
    client.flush()
    one, truth, category = collector.scores()
    assert (one.id, one.name, one.value, one.data_type, one.trace_id) == ("one", "Relevance", 0.9, "NUMERIC", TRACE_ID)
    assert one.comment == "good"
    assert (truth.value, truth.data_type, truth.observation_id) == (1, "BOOLEAN", "0123456789abcdef")
    assert (category.value, category.data_type, category.session_id) == ("vi", "CATEGORICAL", "chat-7")


def test_the_sdk_sends_again_what_was_refused_for_a_while(
    sdk: Started,
) -> None:
    """Scores arrive once although the answers to the first two attempts were a failure and a cut connection."""
    client, collector = sdk()
    collector.behave("error-503", requests=1, path="/api/public/scores")
    collector.behave("drop-answer", requests=1, path="/api/public/scores")
    client.create_score(name="Relevance", value=0.9, trace_id=TRACE_ID, timestamp=datetime.now(UTC))
    client.flush()
    (score,) = collector.scores()
    assert score.arrivals == 2  # the dropped answer was to a score that was kept
    assert collector.requests == 3


def test_a_prompt_of_the_sdk_is_found_by_label_and_version_and_linked(
    sdk: Started,
) -> None:
    """Production unless told; the generation names the prompt and its version."""
    client, collector = sdk()
    collector.add_prompt(Prompt("support/greet", "Hello {{name}}", version=1, labels=["production"]))
    chat = [{"role": "system", "content": "Be {{tone}}."}]
    collector.add_prompt(Prompt("support/greet", chat, version=2, labels=["latest", "canary"], config={"t": 1}))
    text = client.get_prompt("support/greet", cache_ttl_seconds=0)
    canary = client.get_prompt("support/greet", label="canary", type="chat", cache_ttl_seconds=0)
    assert (text.version, text.compile(name="Lan")) == (1, "Hello Lan")
    assert (canary.version, canary.config) == (2, {"t": 1})
    assert canary.compile(tone="brief") == [{"role": "system", "content": "Be brief."}]
    client.start_observation(name="chat", as_type="generation", prompt=canary).end()
    client.flush()
    (trace,) = collector.traces().values()
    (generation,) = trace.roots
    assert (generation.prompt_name, generation.prompt_version) == ("support/greet", 2)


def test_answers_parse_as_the_published_types(collector: LangfuseCollector) -> None:
    """Langfuse's generated client takes the answer of each endpoint."""
    api = api_of(collector)
    collector.add_prompt(Prompt("greet", "Hello"))
    collector.add_prompt(Prompt("talk", [{"role": "user", "content": "Hi"}]))
    assert api.health.health().status == "OK"
    (project,) = api.projects.get().data
    assert project.name == PUBLIC_KEY
    assert isinstance(api.prompts.get("greet"), Prompt_Text)
    assert isinstance(api.prompts.get("talk", version=1), Prompt_Chat)
    good = CreateScoreRequest(name="Relevance", value=0.5, trace_id=TRACE_ID)
    assert isinstance(api.scores.create(request=[good]), CreateScoreBatchResponse)
    bad = CreateScoreRequest(name="Relevance", value=2, data_type="BOOLEAN", trace_id=TRACE_ID)  # type: ignore[arg-type]
    results = api.scores.create(request=[good, bad])
    assert isinstance(results, CreateScoreBatchResults)
    assert (results.accepted, results.rejected) == (1, 1)
    assert "BOOLEAN" in results.errors[0].message


def test_refusals_are_the_published_errors(collector: LangfuseCollector) -> None:
    """Wrong keys, an unknown prompt and a wrong method raise what the generated client has for them."""
    with pytest.raises(UnauthorizedError, match="Confirm that you've configured the correct host"):
        api_of(collector, "sk-lf-" + "wrong").projects.get()
    with pytest.raises(NotFoundError, match="Prompt not found: 'absent' with label 'canary'"):
        api_of(collector).prompts.get("absent", label="canary")
    with pytest.raises(ApiError):
        api_of(collector).projects.create(name="other", retention=0)
    unauthorized = httpx.post(f"{collector.url}/api/public/ingestion", json={"batch": []})
    assert unauthorized.status_code == httpx.codes.UNAUTHORIZED
    assert unauthorized.json()["message"] == "No authorization header"


def test_each_field_of_a_published_score_is_one_of_ours() -> None:
    """A field that Langfuse adds to scores is noticed here."""
    published = {
        next((part.alias for part in field.metadata if hasattr(part, "alias")), name)
        for name, field in CreateScoreRequest.model_fields.items()
    }
    assert published == {field.alias for field in ScoreBody.model_fields.values()}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"value": "high", "dataType": "NUMERIC"}, "is a number"),
        ({"value": 0.5, "dataType": "BOOLEAN"}, "0 or 1"),
        ({"value": 1, "dataType": "CATEGORICAL"}, "is text"),
        ({"value": "x" * 501, "dataType": "TEXT"}, "500"),
        ({"value": True}, "value"),
        ({"traceId": None}, "exactly one"),
        ({"sessionId": "chat-7"}, "exactly one"),
        ({"traceId": None, "sessionId": "chat-7", "observationId": "0123456789abcdef"}, "needs traceId"),
        ({"environment": "Staging"}, "environment"),
        ({"environment": "langfuse-x"}, "environment"),
        ({"timestamp": "2026-11-21T00:00:00"}, "timestamp"),
        ({"name": ""}, "name"),
    ],
)
def test_scores_that_langfuse_refuses_are_refused(
    collector: LangfuseCollector, change: dict[str, object], reason: str
) -> None:
    """The others of the batch are kept, and the answer says what is wrong."""
    good = {"name": "Relevance", "value": 0.5, "traceId": TRACE_ID}
    batch = [good, {**good, **change}]
    answer = httpx.post(f"{collector.url}/api/public/scores", json=batch, auth=(PUBLIC_KEY, SECRET_KEY))
    assert answer.status_code == httpx.codes.MULTI_STATUS
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 1)
    assert reason in answer.json()["errors"][0]["message"]
    assert len(collector.scores()) == 1


def test_a_score_is_replaced_by_one_of_its_id_and_timestamp_only(collector: LangfuseCollector) -> None:
    """Whoever sends a score again without its time has two."""
    now = datetime.now(UTC)
    score = {"id": "one", "name": "Relevance", "value": 0.5, "traceId": TRACE_ID, "timestamp": now.isoformat()}
    later = (now + timedelta(seconds=1)).isoformat()
    for body in (score, {**score, "value": 0.7}, {**score, "timestamp": later}):
        answer = httpx.post(f"{collector.url}/api/public/scores", json=body, auth=(PUBLIC_KEY, SECRET_KEY))
        assert answer.json() == {"id": "one"}
    assert [(one.value, one.arrivals) for one in collector.scores()] == [(0.7, 2), (0.5, 1)]


def test_ingestion_takes_and_refuses_each_event_by_itself(collector: LangfuseCollector) -> None:
    """Traces, observations and scores of the older batch format; 207 tells of each event what became of it."""
    now = datetime.now(UTC).isoformat()
    bodies = {
        "trace-create": {"id": "t", "name": "chat", "userId": "lan", "tags": ["vip"], "metadata": {"a": 1}},
        "generation-create": {"id": "g", "traceId": "t", "model": "gpt-4o", "startTime": now, "input": "hi"},
        "generation-update": {"id": "g", "traceId": "t", "output": "hello", "usageDetails": {"input": 1}},
        "score-create": {"id": "s", "name": "Relevance", "value": 0.5, "traceId": "t"},
        "observation-create": {"id": "o", "traceId": "t", "type": "TOOL", "name": "weather", "startTime": now},
        "observation-update": {"id": "o", "traceId": "t", "type": "TOOL", "output": "sun"},
        "sdk-log": {"log": "x"},
        "event-update": {"id": "e", "traceId": "t"},
        "nonsense": {},
    }
    batch = [{"id": f"e-{kind}", "type": kind, "timestamp": now, "body": body} for kind, body in bodies.items()]
    batch.append({"id": "incomplete"})
    answer = httpx.post(f"{collector.url}/api/public/ingestion", json={"batch": batch}, auth=(PUBLIC_KEY, SECRET_KEY))
    assert answer.status_code == httpx.codes.MULTI_STATUS
    told = answer.json()
    assert [(one["id"], one["status"]) for one in told["errors"]] == [
        ("e-event-update", 400),
        ("e-nonsense", 400),
        ("incomplete", 400),
    ]
    assert {one["status"] for one in told["successes"]} == {201}
    trace = collector.traces()["t"]
    assert (trace.name, trace.user_id, trace.tags, trace.metadata) == ("chat", "lan", ["vip"], {"a": 1})
    generation = trace.observations["g"]
    assert (generation.model, generation.input, generation.output) == ("gpt-4o", "hi", "hello")
    assert generation.usage_details == {"input": 1}
    tool = trace.observations["o"]
    assert (tool.type, tool.name, tool.output) == ("tool", "weather", "sun")
    assert [score.id for score in collector.scores()] == ["s"]
    refused = httpx.post(f"{collector.url}/api/public/ingestion", json={}, auth=(PUBLIC_KEY, SECRET_KEY))
    assert refused.status_code == httpx.codes.BAD_REQUEST


@pytest.mark.parametrize(
    ("usage", "details", "costs"),
    [
        ({"input": 3, "output": 4, "unit": "TOKENS"}, {"input": 3, "output": 4, "total": 7}, {}),
        ({"input": 3, "total": 9, "totalCost": 0.5}, {"input": 3, "total": 9}, {"total": 0.5}),
        (
            {"promptTokens": 3, "completionTokens": 4, "inputCost": 0.25, "outputCost": 0.5},
            {"input": 3, "output": 4, "total": 7},
            {"input": 0.25, "output": 0.5, "total": 0.75},
        ),
    ],
)
def test_ingestion_takes_usage_in_its_older_forms(
    collector: LangfuseCollector, usage: dict[str, object], details: dict[str, int], costs: dict[str, float]
) -> None:
    """By Langfuse's names or OpenAI's, with the sum where no total is told; details, where there are any, go first."""
    now = datetime.now(UTC).isoformat()
    more = {"a": {}, "b": {"usageDetails": {"input": 1}, "costDetails": {"input": 2.0}}}
    batch = [
        {
            "id": one,
            "type": "generation-create",
            "timestamp": now,
            "body": {"id": one, "traceId": "t", "usage": usage, **own},
        }
        for one, own in more.items()
    ]
    answer = httpx.post(f"{collector.url}/api/public/ingestion", json={"batch": batch}, auth=(PUBLIC_KEY, SECRET_KEY))
    assert answer.json()["errors"] == []
    first, second = collector.traces()["t"].observations.values()
    assert (first.usage_details, first.cost_details) == (details, costs)
    assert (second.usage_details, second.cost_details) == ({"input": 1}, {"input": 2.0})


def test_an_observation_says_its_type(collector: LangfuseCollector) -> None:
    """Where the event does not."""
    now = datetime.now(UTC).isoformat()
    batch = [
        {"id": "e", "type": "observation-create", "timestamp": now, "body": {"id": "o", "traceId": "t", **more}}
        for more in ({}, {"type": "NONSENSE"})
    ]
    answer = httpx.post(f"{collector.url}/api/public/ingestion", json={"batch": batch}, auth=(PUBLIC_KEY, SECRET_KEY))
    assert [one["status"] for one in answer.json()["errors"]] == [400, 400]


def test_projects_see_only_what_their_keys_sent() -> None:
    """Each pair of keys is a project of its own."""
    keys = {"pk-lf-one": "sk-lf-" + "1", "pk-lf-two": "sk-lf-" + "2"}
    with LangfuseCollector(keys=keys) as collector:
        score = {"name": "Relevance", "value": 0.5, "traceId": TRACE_ID}
        auth = ("pk-lf-two", keys["pk-lf-two"])
        httpx.post(f"{collector.url}/api/public/scores", json=[score], auth=auth).raise_for_status()
        crossed = httpx.get(f"{collector.url}/api/public/projects", auth=("pk-lf-one", keys["pk-lf-two"]))
        assert crossed.status_code == httpx.codes.UNAUTHORIZED
        assert collector.scores("pk-lf-one") == []
        assert len(collector.scores("pk-lf-two")) == 1


def test_bodies_over_langfuses_limits_are_refused(collector: LangfuseCollector) -> None:
    """1 MiB for scores, 4.5 MB for ingestion: status 413 and nothing kept."""
    score = {"name": "Relevance", "value": 0.5, "traceId": TRACE_ID, "comment": "x" * 1_048_576}
    answer = httpx.post(f"{collector.url}/api/public/scores", json=[score], auth=(PUBLIC_KEY, SECRET_KEY))
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    batch = {"batch": ["x" * 4_500_000]}
    answer = httpx.post(f"{collector.url}/api/public/ingestion", json=batch, auth=(PUBLIC_KEY, SECRET_KEY))
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert collector.scores() == []
