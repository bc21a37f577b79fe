"""The log of a gateway whose requests fail in every way: JSON lines, and nothing of what was said."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.running_gateway import QUICK, configuration

MAIL = "jane.doe@planted.example"
KEY = "sk-" + "planted-0123456789abcdef"
WORDS = "the marmalade rebellion of Thursday"
PLANTED = f"{WORDS}, says {MAIL} with {KEY}"
FOUND = (MAIL, KEY[3:], "marmalade", "rebellion")
ENGINE = "query-engine "  # Prisma's engine, a program of its own, tells its version
DEBUG = dict.fromkeys(("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "httpx", "httpcore", "openai", "asyncio"), "debug")
OPEN_RULES = {"pii": {"enabled": False}, "secrets": {"enabled": False}}


@pytest.fixture(scope="module")
def verbose(upstream: UpstreamSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that logs all there is."""
    folder = tmp_path_factory.mktemp("verbose")
    config = folder / "litellm_config.yaml"
    content = configuration(upstream, litellm_settings={"set_verbose": True})
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    levels = {"INFERSPECT_LOG__LEVEL": "debug", "INFERSPECT_LOG__LEVELS": json.dumps(DEBUG)}
    with GatewayProcess(folder, config, {**QUICK, **levels}) as running:
        yield running


def failing_requests(client: httpx.Client) -> Iterator[httpx.Response]:
    """Everything that can go wrong with a request, each time with planted words in it."""
    asked = [{"role": "user", "content": PLANTED}]
    for model in (
        "sim/error-400", "sim/error-401", "sim/error-429", "sim/error-500", "sim/cut-stream-after-1", "sim/scripted",
        "sim/unheard-of", "sim-anthropic/error-400", "sim-anthropic/error-529", f"sim/{WORDS}", f"unknown/{MAIL}",
    ):  # fmt: skip
        for stream in (False, True):
            yield client.post(
                "/v1/chat/completions", json={"model": model, "messages": asked, "stream": stream, "num_retries": 0}
            )
    for path, body in (
        ("chat/completions", {"model": "sim/echo", "messages": PLANTED}),
        ("chat/completions", {"model": "sim/echo", "messages": [{"role": MAIL, "content": {"x": PLANTED}}]}),
        ("chat/completions", {"model": "sim/echo", "messages": asked, "tools": [PLANTED], "temperature": PLANTED}),
        ("chat/completions", {"model": "sim/echo", "messages": asked, "metadata": PLANTED, "user": [MAIL]}),
        ("chat/completions", {"model": "sim/echo", "messages": asked, "response_format": {"type": PLANTED}}),
        ("chat/completions", {"model": "sim/fail-mid-stream", "messages": asked, "stream": True}),
        ("completions", {"model": "sim/error-500", "prompt": [PLANTED], "num_retries": 0}),
        ("embeddings", {"model": "sim/error-500", "input": {"of": PLANTED}, "num_retries": 0}),
        ("embeddings", {"model": "sim/echo", "input": [PLANTED], "encoding_format": PLANTED}),
        ("responses", {"model": "sim/error-400", "input": PLANTED, "instructions": MAIL}),
        ("messages", {"model": "sim-anthropic/error-400", "max_tokens": 9, "messages": asked, "system": PLANTED}),
        ("messages", {"model": "sim-anthropic/echo", "max_tokens": PLANTED, "messages": asked}),
        ("audio/speech", {"model": "sim/error-400", "input": PLANTED, "voice": MAIL}),
        ("images/generations", {"model": "sim/error-400", "prompt": PLANTED}),
        (f"nowhere/{MAIL}", {"q": PLANTED}),
    ):  # fmt: skip
        yield client.post(f"/v1/{path}", json=body)
    for content in (
        f'{{"model": "{PLANTED}',
        f'"{PLANTED}"',
        f'{{"messages": "\ud83d {PLANTED}"}}'.encode("utf-8", "replace"),
    ):
        yield client.post("/v1/chat/completions", content=content, headers={"content-type": "application/json"})
    yield client.post("/v1/chat/completions", json={"messages": asked}, headers={"Authorization": f"Bearer {KEY}"})
    yield client.post("/key/generate", json={"key_alias": MAIL, "duration": PLANTED, "metadata": WORDS})
    yield client.get(f"/key/info?key={KEY}")


def leave_early(client: httpx.Client) -> None:
    """Clients that do not wait for their answer."""
    for stream in (False, True):
        body = {"model": "sim/echo+latency-1s", "messages": [{"role": "user", "content": PLANTED}], "stream": stream}
        with suppress(httpx.ReadTimeout):
            client.post("/v1/chat/completions", json=body, timeout=0.4)


@pytest.fixture(params=["as it is", "verbose"])
def logging_gateway(request: pytest.FixtureRequest) -> GatewayProcess:
    name = "gateway" if request.param == "as it is" else "verbose"
    running: GatewayProcess = request.getfixturevalue(name)
    return running


def test_nothing_of_failing_requests_is_in_the_log(
    logging_gateway: GatewayProcess, scripted: UpstreamSimulator
) -> None:
    """Neither content nor a key, whatever level is set; requests that succeed with the same words included."""
    error: dict[str, Any] = {"status": 400, "message": f"I refuse: {PLANTED}", "code": "content_filter"}
    scripted.script = [{"match": "marmalade", "model": "scripted", "answer": {"error": error}}]
    key = logging_gateway.new_key(rules=OPEN_RULES)
    with logging_gateway.client(key) as client:
        answers = list(failing_requests(client))
        leave_early(client)
        served = client.post(
            "/v1/chat/completions", json={"model": "sim/echo", "messages": [{"role": "user", "content": PLANTED}]}
        )
        assert MAIL in served.text
        assert MAIL in scripted.received[-1].text
    assert len([answer for answer in answers if answer.status_code >= 400]) > 35
    written = logging_gateway.log() + logging_gateway.said()
    assert [word for word in FOUND if word in written] == []


def test_lines_of_a_request_have_its_id_and_tenant(verbose: GatewayProcess, key: str) -> None:
    """Those that LiteLLM writes in the background after the answer, too."""
    tenant_key = verbose.new_key(rules={})
    with verbose.client(tenant_key) as client:
        answer = client.post(
            "/v1/chat/completions", json={"model": "sim/echo", "messages": [{"role": "user", "content": "hello"}]}
        )
    request_id = answer.headers["x-request-id"]
    assert uuid.UUID(request_id)
    lines: list[dict[str, Any]] = []
    while not any("success" in line["event"].lower() for line in lines):
        lines = [line for line in json_lines(verbose.log()) if line.get("request_id") == request_id]
        time.sleep(0.05)
    assert {line["logger"] for line in lines} >= {"LiteLLM", "LiteLLM Proxy", "LiteLLM Router"}
    assert lines[-1]["tenant"]


def test_every_line_of_serving_is_an_object_with_the_same_fields(
    verbose: GatewayProcess, gateway: GatewayProcess
) -> None:
    for running in (verbose, gateway):
        text = running.log()
        served = text[text.index('"worker ready for LiteLLM"') :].splitlines()[1:]
        ours = [line for line in served if not line.startswith(ENGINE)]
        assert ours
        for line in ours:
            assert {"event", "level", "logger", "timestamp"} <= set(json.loads(line))


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
