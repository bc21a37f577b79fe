from __future__ import annotations

from typing import Any

import pytest

from inferspect.context import RequestContext, current
from plugins.failover import hook


def deployment(name: str) -> dict[str, Any]:
    return {"model_name": "demo", "model_info": {"id": name}}


async def offered(*names: str) -> list[str]:
    """What the hook leaves of the router's candidates."""
    left = await hook.async_filter_deployments("demo", [deployment(name) for name in names], None)
    return [each["model_info"]["id"] for each in left]


async def fail(name: Any) -> None:
    await hook.async_post_call_failure_deployment_hook({"model_info": name}, ValueError("down"), None)


async def test_a_deployment_that_failed_this_request_is_not_offered_to_it_again(context: RequestContext) -> None:
    """As long as there is another one."""
    assert await offered("a", "b") == ["a", "b"]
    await fail({"id": "a"})
    assert await offered("a", "b") == ["b"]


async def test_where_all_have_failed_all_are_tried_again(context: RequestContext) -> None:
    """A retry on a bad deployment is better than none."""
    await fail({"id": "a"})
    await fail({"id": "b"})
    assert await offered("a", "b") == ["a", "b"]


@pytest.mark.parametrize("info", [None, {}, {"id": None}, {"id": 7}, "text"])
async def test_a_deployment_without_an_id_is_ignored(context: RequestContext, info: Any) -> None:
    """Whatever LiteLLM hands over, the hook raises nothing."""
    await fail(info)
    assert context.failed_deployments == set()


async def test_outside_of_a_request_nothing_is_filtered() -> None:
    """Health checks of LiteLLM's have no context."""
    assert current() is None
    await fail({"id": "a"})
    assert await offered("a", "b") == ["a", "b"]
