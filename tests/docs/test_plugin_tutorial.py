"""The tutorial's plugin, in a real gateway whose configuration names it as a file beside itself."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from tests.docs.markdown import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "require_user.py"
TUTORIAL = ROOT / "docs" / "writing-a-plugin.md"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copy(EXAMPLE, folder)
    content = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    content["litellm_settings"]["callbacks"].append(f"{EXAMPLE.stem}.hook")
    config = folder / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    with GatewayProcess(folder, config) as running:
        yield running


def test_the_tutorial_shows_the_example_as_it_is() -> None:
    assert f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```" in TUTORIAL.read_text(encoding="utf-8")


def test_the_tutorials_list_of_hooks_is_the_shipped_one_and_the_new_hook() -> None:
    """Whoever copies it switches none off."""
    (shown,) = re.findall(r"```yaml\n(litellm_settings:.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    shipped = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))["litellm_settings"]
    assert yaml.safe_load(shown)["litellm_settings"]["callbacks"] == [*shipped["callbacks"], "require_user.hook"]


def test_the_plugin_refuses_with_its_code_and_leaves_a_verdict(gateway: GatewayProcess) -> None:
    key = gateway.new_key()
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}
    with gateway.client(key) as client:
        refused = client.post("/v1/chat/completions", json=body)
        served = client.post("/v1/chat/completions", json={**body, "user": "jane"})
    assert refused.status_code == 400
    assert refused.json()["error"] == {
        "message": "Name the end user in the field `user`.",
        "type": "invalid_request_error",
        "param": "user",
        "code": "user_missing",
    }
    assert served.status_code == 200
    events = {str(event["id"]): event for event in gateway.events(2)}
    event = events[refused.headers["x-request-id"]]
    assert (event["result"], event["code"]) == ("blocked", "user_missing")
    assert [verdict["guardrail"] for verdict in event["verdicts"] if verdict["code"] == "user_missing"] == [
        "require_user"
    ]


def test_anthropics_clients_get_the_refusal_in_their_shape(gateway: GatewayProcess) -> None:
    body = {"model": "demo", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
    with gateway.client(gateway.new_key()) as client:
        refused = client.post("/v1/messages", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "user_missing"
