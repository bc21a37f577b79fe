"""Providers are usable by setting their variables, with the configuration as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

ROOT = Path(__file__).parents[2]
MODELS = {
    "openai/demo": "made-up-openai-key",
    "anthropic/demo": "made-up-anthropic-key",
    "azure/demo": "made-up-azure-key",
    "hosted_vllm/demo": "made-up-vllm-key",
}


@pytest.fixture(scope="module")
def gateway_with_keys(
    upstream: UpstreamSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """The repository's configuration; each provider's address is the simulator."""
    environment = {
        "OPENAI_API_KEY": MODELS["openai/demo"],
        "OPENAI_API_BASE": f"{upstream.url}/v1",
        "ANTHROPIC_API_KEY": MODELS["anthropic/demo"],
        "ANTHROPIC_API_BASE": upstream.url,
        "AZURE_API_KEY": MODELS["azure/demo"],
        "AZURE_API_BASE": f"{upstream.url}/v1",
        "AZURE_API_VERSION": "v1",
        "HOSTED_VLLM_API_KEY": MODELS["hosted_vllm/demo"],
        "HOSTED_VLLM_API_BASE": f"{upstream.url}/v1",
    }
    folder = tmp_path_factory.mktemp("providers")
    with GatewayProcess(folder, ROOT / "litellm_config.yaml", environment) as running:
        yield running


@pytest.mark.parametrize("model", MODELS)
def test_a_provider_is_called_with_the_key_of_its_variable(
    gateway_with_keys: GatewayProcess, upstream: UpstreamSimulator, model: str
) -> None:
    upstream.clear()
    with gateway_with_keys.client(gateway_with_keys.new_key()) as client:
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
        response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, response.text
    assert any(MODELS[model] in " ".join(received.headers.values()) for received in upstream.received)


@pytest.mark.parametrize("model", ["gemini/gemini-2.0-flash", "openai/gpt-4o", "anthropic/claude-sonnet"])
def test_a_provider_without_its_key_fails_in_words_that_name_the_variable(
    gateway: GatewayProcess, key: str, model: str
) -> None:
    """It is the gateway's fault, so the client is not told that its own key is wrong."""
    with gateway.client(key) as client:
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
        response = client.post("/v1/chat/completions", json=body)
    assert response.status_code >= 500
    assert "_API_KEY" in response.json()["error"]["message"]


def test_a_provider_that_refuses_its_key_is_not_taken_for_the_clients_key(gateway: GatewayProcess, key: str) -> None:
    with gateway.client(key) as client:
        body = {"model": "sim/error-401", "messages": [{"role": "user", "content": "hello"}]}
        response = client.post("/v1/chat/completions", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (502, "provider_authentication_failed")
