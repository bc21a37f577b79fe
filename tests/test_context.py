from __future__ import annotations

import asyncio

from inferspect.context import RequestContext, activate, current, deactivate
from inferspect.refusal import Refusal


def make() -> RequestContext:
    return RequestContext(request_id="r", route="/v1/models", method="GET", client_address="127.0.0.1")


def test_outside_of_a_request_there_is_no_context() -> None:
    """A scheduled job sees none, also after a request has ended."""
    assert current() is None
    token = activate(make())
    deactivate(token)
    assert current() is None


async def test_each_request_sees_its_own_context_also_in_its_background_tasks() -> None:
    """Two requests at once never share a context; a task started by one keeps it when the request has ended."""
    late: list[asyncio.Task[RequestContext | None]] = []

    async def background() -> RequestContext | None:
        await asyncio.sleep(0.01)
        return current()

    async def request() -> RequestContext:
        context = make()
        token = activate(context)
        await asyncio.sleep(0)
        assert current() is context
        late.append(asyncio.create_task(background()))
        deactivate(token)
        return context

    contexts = await asyncio.gather(request(), request())
    seen = await asyncio.gather(*late)
    assert {id(context) for context in contexts} == {id(context) for context in seen}


def test_contexts_share_nothing() -> None:
    """Lists and sets are made anew for each request."""
    one, other = make(), make()
    one.failed_deployments.add("d")
    one.notes["a"] = 1
    one.outcome.cost = 1.0
    assert (other.failed_deployments, other.notes, other.outcome.cost) == (set(), {}, None)


def test_a_refusal_is_remembered_and_returned() -> None:
    """The hook raises what it is given back, and the error middleware finds it in the context."""
    context = make()
    refusal = Refusal(403, "model_not_allowed", "No.", "model")
    assert context.refuse(refusal) is refusal is context.refusal
    assert refusal.detail["error"] == {  # type: ignore[index]
        "message": "No.",
        "code": "model_not_allowed",
        "param": "model",
        "type": "model_not_allowed",
    }
