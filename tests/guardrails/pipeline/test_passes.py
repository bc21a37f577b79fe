from types import SimpleNamespace

import pytest
from litellm import ModelResponse

from guardrails.metrics import FINDINGS, VERDICTS
from guardrails.pipeline.hook import GuardrailPipeline
from guardrails.pipeline.service import GuardrailService, install
from guardrails.placeholders.keys import TenantKeys
from guardrails.policy.policy import Policies
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from inferspect.context import RequestContext
from inferspect.settings import GuardrailSettings

KEY = SimpleNamespace(team_id="t-1", team_alias=None, team_metadata=None)
SAID = "Write to jane.doe@example.com."


@pytest.fixture(autouse=True)
def _started() -> None:
    settings = GuardrailSettings()
    finder = Finder(FindingsCache(settings.cache_bytes, settings.cache_for))
    install(GuardrailService(settings, Policies(settings), finder, TenantKeys("salt", 1)))


def answer(text: str = SAID) -> ModelResponse:
    message = {"role": "assistant", "content": text}
    return ModelResponse(choices=[{"index": 0, "finish_reason": "stop", "message": message}])


def counted() -> tuple[float, float]:
    """Findings and verdicts in answers so far."""
    findings, verdicts = (
        sum(
            sample.value
            for family in metric.collect()
            for sample in family.samples
            if sample.name.endswith("_total") and sample.labels["direction"] == "output"
        )
        for metric in (FINDINGS, VERDICTS)
    )
    return findings, verdicts


async def test_an_answer_that_two_hooks_see_is_counted_once(context: RequestContext) -> None:
    hook, response = GuardrailPipeline(), answer()
    await hook.async_post_call_success_deployment_hook({}, response, "acompletion")
    first = counted()
    await hook.async_post_call_success_hook({}, KEY, response)
    assert counted() == first
    assert [verdict.counts for verdict in context.verdicts if verdict.guardrail == "pii"] == [{"EMAIL_ADDRESS": 1}]


async def test_an_answer_that_only_the_last_hook_sees_is_counted(context: RequestContext) -> None:
    before = counted()
    response = await GuardrailPipeline().async_post_call_success_hook({}, KEY, answer())
    assert response.choices[0].message.content == "Write to <EMAIL_ADDRESS>."
    assert counted()[0] == before[0] + 1
    assert counted()[1] > before[1]


async def test_what_is_new_in_an_answer_that_was_seen_is_counted(context: RequestContext) -> None:
    hook = GuardrailPipeline()
    await hook.async_post_call_success_deployment_hook({}, answer(), "acompletion")
    first = counted()
    await hook.async_post_call_success_hook({}, KEY, answer("Write to omar@example.com."))
    assert counted()[0] == first[0] + 1
