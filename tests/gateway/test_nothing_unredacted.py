"""One gateway with all that observes switched on, personal data and secrets in every place of a request, one search."""

from __future__ import annotations

import hashlib
import itertools
import re
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseCollector
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from inferspect.testing.notifications import MailSink, NotificationSink
from inferspect.testing.otlp import OtlpCollector
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.planted_refusals import in_broken, in_management, in_refused
from tests.gateway.planted_requests import Scene, in_answers, in_content, in_identifiers, in_names, in_routes, of_user
from tests.gateway.planting import (
    answers,
    bodies,
    files,
    mails,
    said,
    tables,
    wait_until_delivered,
)
from tests.running_gateway import QUICK, configuration

DEBUG = dict.fromkeys(("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "httpx", "httpcore", "openai", "asyncio"), "debug")
SLACK = "/services/T0/B0/x"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Each request was made and all that observes has told what it had to tell."""
    folder = tmp_path_factory.mktemp("unredacted")
    with (
        UpstreamSimulator() as upstream,
        LangfuseCollector() as langfuse,
        OtlpCollector() as collector,
        NotificationSink() as sink,
        MailSink() as mail,
    ):
        content = configuration(upstream)
        content["litellm_settings"] |= {"set_verbose": True}
        content["litellm_settings"]["callbacks"].append("prometheus")
        content["general_settings"]["proxy_batch_write_at"] = 1
        content["inferspect"] |= {
            "access": {"outgoing_networks": ["127.0.0.0/8"]},
            "tracing": {"endpoint": collector.url, "content": "redacted"},
            "log": {"level": "debug", "levels": DEBUG},
            "alerts": {
                "every": 1,
                "channels": {
                    "slack": {"type": "slack", "url": "os.environ/TEST_SLACK_URL"},
                    "hook": {"type": "webhook", "url": f"{sink.url}/hook", "secret": "os.environ/TEST_HOOK_SECRET"},
                    "mail": {
                        "type": "email",
                        "host": "127.0.0.1",
                        "port": mail.port,
                        "security": "none",
                        "sender": "gateway@example.com",
                        "recipients": ["oncall@example.com"],
                    },
                },
                "default_channels": ["slack", "hook", "mail"],
                "rules": [
                    {"name": f"{kind}-{of}", "condition": {"type": kind, **more}, "min_requests": 1, "scope": scope}
                    for of, scope in (("all", "global"), ("each", "per_tenant"))
                    for kind, more in (
                        ("error_rate", {"above": 0, "client_errors": True}),
                        ("provider_down", {"by": "deployment", "failing": 0.1}),
                        ("guardrail_spike", {"above": 0.1, "decisions": ["modify", "block"]}),
                    )
                ],
            },
        }
        config = folder / "litellm_config.yaml"
        config.write_text(yaml.safe_dump(content), encoding="utf-8")
        environment = {
            **QUICK,
            "INFERSPECT_EVENTS__SETTLE_AFTER": "3",
            "LANGFUSE_HOST": langfuse.url,
            "LANGFUSE_PUBLIC_KEY": PUBLIC_KEY,
            "LANGFUSE_SECRET_KEY": SECRET_KEY,
            "TEST_SLACK_URL": f"{sink.url}{SLACK}",
            "TEST_HOOK_SECRET": "whsec_" + "dGVzdHMgb25seSwgbm90IGEgc2VjcmV0",
        }
        with GatewayProcess(folder, config, environment) as gateway:
            scene = Scene(gateway, upstream, langfuse, collector, sink, mail)
            play(scene)
            yield scene


def play(scene: Scene) -> None:
    """Ask for everything, then wait until it has been told everywhere."""
    scene.kept = scene.planter.harmless()
    gateway = scene.gateway
    # A tenant's name is told in alerts and figures: by it the search shows that it finds what there is.
    scene.keys = {
        "tenant": gateway.new_key(team_alias=f"tenant-{scene.kept}"),
        "hashing": gateway.new_key({"pii": {"action": "hash"}, "secrets": {"action": "hash"}}),
        "reversible": gateway.new_key({"pii": {"action": "reversible"}}),
        "blocked": gateway.new_key({"pii": {"action": "block"}}),
        "secretless": gateway.new_key({"secrets": {"action": "block"}}),
        "one model": gateway.new_key({"models": {"allowed": ["demo"]}}),
        "far away": gateway.new_key({"access": {"addresses": ["192.0.2.0/24"]}}),
        "invalid": gateway.new_key(metadata={"inferspect": "invalid"}),
        "few models": gateway.new_key(models=["demo"]),
        "nobody": f"sk-{uuid.uuid4().hex}",
    }
    with ThreadPoolExecutor(8) as pool:
        for step in (in_content, in_identifiers, in_names, in_routes, in_answers, in_refused, in_broken, in_management):
            list(pool.map(lambda work: work(), step(scene)))
    scene.ask("the last one", user=scene.kept, messages=of_user(f"Hello {scene.kept}"))
    last = hashlib.sha256(scene.keys["tenant"].encode()).hexdigest()
    wait_until_delivered(gateway)
    while not (scene.sink.messages(SLACK) and scene.mail.received) or not gateway.query(
        'SELECT 1 FROM "LiteLLM_SpendLogs" WHERE api_key = %s AND end_user = %s', last, scene.kept
    ):
        time.sleep(0.2)


# What LiteLLM keeps of its own, and must or cannot be kept from: where, and of which places of a request.
END_USER = r"field (?:user|safety_identifier)|metadata\.user_id|header x-litellm-(?:customer|end-user)-id|refused, .*"
BEFORE_GUARDRAILS = r"(?:refused|unknown model), (?:far away|few models|invalid|nobody|one model).*"
KNOWN = (
    # It counts end users, and limits them, by what the client calls them.
    (r".*redis.*|table public\..*\.(?:end_user|end_user_id|user_id)", END_USER),
    # It logs a request as it came that was refused before the guardrails saw it: for its key, or by the tenant's rules.
    (r"table public\..*\.(?:model|model_group|tag|request_tags|session_id|metadata)", BEFORE_GUARDRAILS),
    # It logs the messages of errors, which are a provider's, or LiteLLM's own and quote what was no number or role.
    (r'table public\."LiteLLM_SpendLogs"\.metadata', r"error \d+|wrong shapes|header x-litellm-timeout"),
    # It takes the names of clients' programs for tags, and lists all tools that it has met.
    (r"table public\..*\.(?:metadata|request_tags|tag)", r"header user-agent"),
    (r'table public\."LiteLLM_ToolTable"\.tool_name', r"name of a tool"),
)
LABELS_OF_LITELLM = re.compile(r'(?m)^(?=litellm_)(.*?)\b(?:route|user_agent|model)="[^"]*"')  # of figures of its own

ROUTES = (
    "/api/v1/alerts", "/api/v1/alerts?state=resolved", "/api/v1/alert-rules",
    "/api/v1/alert-channels", "/api/v1/alert-silences", "/api/v1/events/dead-letters", "/api/v1/audit?limit=100",
)  # fmt: skip


def leaks(scene: Scene, told: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """What was found where; the harmless word must be among it, else the search finds nothing at all."""
    found: dict[str, set[str]] = {}
    for where, text in told:
        found.setdefault(where, set()).update(scene.planter.found_in(text))
    assert any(scene.kept in values for values in found.values()), f"the search finds nothing in {list(found)}"
    unknown = {
        where: sorted(value for value in values - {scene.kept} if not is_known(where, value))
        for where, values in found.items()
    }
    return {where: values for where, values in unknown.items() if values}


def is_known(where: str, value: str) -> bool:
    place = value.partition(" in ")[2]
    return any(re.fullmatch(of, where) and re.fullmatch(places, place) for of, places in KNOWN)


def test_requests_came_as_far_as_they_should(scene: Scene) -> None:
    """Otherwise there would be nothing to find of them."""
    refused = {place: statuses for place, statuses in scene.statuses.items() if place.startswith("refused, ")}
    assert {status for statuses in refused.values() for status in statuses} == {400, 401, 403}
    for place in (
        "content, tenant, stream False",
        "tool call, hashing, stream True",
        "embeddings",
        "tags",
        "field user",
    ):
        assert scene.statuses[place] == {200}
    assert scene.statuses["model of a wildcard"] == {404}
    assert scene.statuses["timeout"] == {408}
    assert scene.statuses["fallen"] == {503}
    assert {200, 400, 404} <= {status for statuses in scene.statuses.values() for status in statuses}


def test_files(scene: Scene) -> None:
    """Spools with what SQLite has not yet written over, logs at their most talkative, anchors, Redis's commands."""
    assert leaks(scene, files(scene.gateway)) == {}


def test_logs(scene: Scene) -> None:
    """They hold the name of the tenant's that every other place has, too, or there would be nothing to find."""
    assert '"level": "debug"' in scene.gateway.log()
    assert scene.planter.found_in(scene.gateway.log() + scene.gateway.said()) <= {scene.kept}


@pytest.mark.parametrize("schema", ["inferspect", "public"])
def test_tables(scene: Scene, schema: str) -> None:
    """Events, contents, usage, scores, audit, alerts, deliveries; and of LiteLLM's all but what is known."""
    assert leaks(scene, tables(scene.gateway, schema)) == {}


def test_langfuse(scene: Scene) -> None:
    """Traces and scores."""
    decoded = ("decoded", f"{scene.langfuse.traces()} {scene.langfuse.scores()}")
    assert leaks(scene, itertools.chain(bodies("langfuse", scene.langfuse), [decoded])) == {}


def test_the_collector_of_traces(scene: Scene) -> None:
    """Spans, with their content."""
    decoded = ("decoded", str(scene.collector.spans()))
    assert leaks(scene, itertools.chain(bodies("collector", scene.collector), [decoded])) == {}


def test_notifications(scene: Scene) -> None:
    """Slack, a webhook and a mailbox, each of which got something."""
    assert leaks(scene, bodies("notifications", scene.sink)) == {}
    assert leaks(scene, mails(scene.mail)) == {}


@pytest.mark.parametrize("path", ["/metrics", "/inferspect/metrics"])
def test_figures(scene: Scene, path: str) -> None:
    """Ours have nothing in their labels; LiteLLM's own have paths, clients' programs and models as they came."""
    [(_, text)] = answers(scene.gateway, path)
    while text != (without := LABELS_OF_LITELLM.sub(r"\1", text)):
        text = without
    assert leaks(scene, iter([(path, text)])) == {}


def test_what_routes_tell(scene: Scene) -> None:
    """Alerts, dead letters and the audit log."""
    assert leaks(scene, answers(scene.gateway, *ROUTES)) == {}


def test_what_commands_print(scene: Scene) -> None:
    """An export of the audit log in both forms, and all that is known of requests."""
    shown = [said(scene.gateway, "audit", "export", "--format", form) for form in ("jsonl", "csv")]
    newest = scene.gateway.query("SELECT id FROM inferspect.events ORDER BY occurred_at DESC LIMIT 3")
    shown += [said(scene.gateway, "events", "show", str(row["id"])) for row in newest]
    shown += [said(scene.gateway, "events", "status"), said(scene.gateway, "events", "dead-letter", "list")]
    assert leaks(scene, iter(shown)) == {}
