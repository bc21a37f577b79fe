import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import litellm
import pytest
from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy import proxy_server

from guardrails.judge import Judge, Judgement, JudgeUnavailable, Messages, ask_router, is_asking
from inferspect.context import RequestContext, current

HATE = '{"probability": 0.9, "category": "hate"}'


class Model:
    """A model that answers what it was told to, and keeps what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Messages]] = []

    async def __call__(self, model: str, messages: Messages) -> str:
        self.asked.append((model, messages))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def outcome(ask: Callable[[str, Messages], Awaitable[str]], text: str = "a text") -> Judgement:
    return asyncio.run(Judge(ask).judge("small", "content_safety", text, 1))


@pytest.mark.parametrize(
    ("answer", "probability", "category"),
    [
        (HATE, 0.9, "hate"),
        ('\n{"category": "none", "probability": 0}\n', 0.0, "none"),
        ('```json\n{"probability": 1, "category": "sexual"}\n```', 1.0, "sexual"),
    ],
)
def test_an_answer_in_the_form_that_was_asked_for_counts(answer: str, probability: float, category: str) -> None:
    assert outcome(Model(answer)) == Judgement(probability, category)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I think it is fine.",
        "Sure! " + HATE,
        HATE + HATE,
        "[0.9]",
        "0.1",
        '{"probability": 0.1}',
        '{"probability": 0.1, "category": "hate", "reason": "x"}',
        '{"probability": "0.1", "category": "none"}',
        '{"probability": true, "category": "none"}',
        '{"probability": NaN, "category": "none"}',
        '{"probability": 1e999, "category": "none"}',
        '{"probability": -0.1, "category": "none"}',
        '{"probability": 1.1, "category": "none"}',
        '{"probability": 0.1, "category": "fine"}',
        '{"probability": 0.1, "category": ["none"]}',
        '{"probability": 0.9, "probability": 0.0, "category": "none"}',
        "[" * 900,
        HATE + " " * 1000,
    ],
)
def test_any_other_answer_is_none(answer: str) -> None:
    with pytest.raises(JudgeUnavailable):
        outcome(Model(answer))


def test_the_text_stands_between_marks_that_nobody_can_foresee() -> None:
    model = Model(HATE)
    outcome(model, "first")
    outcome(model, "first")
    marks = []
    for _, (system, user) in model.asked:
        begin, text, end, _ = user["content"].split("\n")
        assert text == "first"
        assert begin == end
        assert begin in system["content"]
        assert "first" not in system["content"]
        marks.append(begin)
    assert marks[0] != marks[1]


def test_a_judge_that_takes_too_long_is_unavailable() -> None:
    stopped = []

    async def ask(model: str, messages: Messages) -> str:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(model)
        return HATE

    with pytest.raises(JudgeUnavailable, match=r"within 0\.01 s"):
        asyncio.run(Judge(ask).judge("small", "content_safety", "x", 0.01))
    assert stopped == ["small"]


def test_a_judge_that_fails_is_unavailable_and_its_error_quotes_nothing() -> None:
    async def ask(model: str, messages: Messages) -> str:
        raise ValueError(messages[1]["content"])

    with pytest.raises(JudgeUnavailable) as raised:
        outcome(ask, "my secret text")
    assert str(raised.value) == "the judge small failed: ValueError"
    assert raised.value.__suppress_context__


def test_the_same_text_is_judged_once_for_each_model_and_question() -> None:
    model = Model('{"probability": 0.5, "category": "none"}')
    judge = Judge(model)

    async def ask_often() -> None:
        for _ in range(3):
            await judge.judge("small", "content_safety", "a", 1)
            await judge.judge("large", "content_safety", "a", 1)
            await judge.judge("small", "prompt_injection", "a", 1)
            await judge.judge("small", "content_safety", "b", 1)

    asyncio.run(ask_often())
    assert len(model.asked) == 4


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    model = Model(HATE)
    judge = Judge(model, cached=2)

    async def ask_all() -> None:
        for text in ("a", "b", "a", "c", "a", "b"):
            await judge.judge("small", "content_safety", text, 1)

    asyncio.run(ask_all())
    assert [messages[1]["content"].split("\n")[1] for _, messages in model.asked] == ["a", "b", "c", "b"]


def test_a_failure_is_not_remembered() -> None:
    judge = Judge(Model("what?", HATE))
    with pytest.raises(JudgeUnavailable):
        asyncio.run(judge.judge("small", "content_safety", "a", 1))
    assert asyncio.run(judge.judge("small", "content_safety", "a", 1)).category == "hate"


def test_of_a_long_text_the_worst_part_counts() -> None:
    model = Model('{"probability": 0.1, "category": "none"}', HATE, '{"probability": 0.2, "category": "none"}')
    assert outcome(model, "a" * 24_000 + "b" * 24_000 + "c").category == "hate"
    assert len(model.asked) == 3


def test_a_text_that_is_no_unicode_is_judged() -> None:
    model = Model(HATE)
    outcome(model, "a\ud800b")
    assert "a?b" in model.asked[0][1][1]["content"]


def test_the_judges_own_call_is_outside_of_the_request(context: RequestContext) -> None:
    seen: list[object] = []

    async def ask(model: str, messages: Messages) -> str:
        seen.extend((current(), is_asking()))
        return HATE

    outcome(ask)
    assert seen == [None, True]
    assert current() is context
    assert not is_asking()


async def test_litellm_is_asked_through_its_router_and_shows_the_text_to_no_logger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    deployment_hooks: list[bool] = []

    class Logger(CustomLogger):
        async def async_log_success_event(self, kwargs: dict[str, Any], *_: object, **__: object) -> None:
            # LiteLLM's logging may still owe those of an earlier test.
            if kwargs["standard_logging_object"]["model_group"] == "judging":
                await logged.put(kwargs["standard_logging_object"])

        async def async_post_call_success_deployment_hook(self, *_: object, **__: object) -> None:
            deployment_hooks.append(is_asking())

    parameters = {"model": "openai/gpt-4o-mini", "api_key": "made-up", "mock_response": HATE}
    router = litellm.Router(model_list=[{"model_name": "judging", "litellm_params": parameters}])
    monkeypatch.setattr(proxy_server, "llm_router", router)
    for name in ("input", "success", "failure", "_async_success", "_async_failure"):
        monkeypatch.setattr(litellm, f"{name}_callback", [])  # which routers and calls add to
    monkeypatch.setattr(litellm, "callbacks", [Logger()])

    assert await Judge(ask_router).judge("judging", "content_safety", "my secret text", 30) == Judgement(0.9, "hate")
    payload = await asyncio.wait_for(logged.get(), 30)
    assert "my secret text" not in repr(payload)
    assert payload["response_cost"] > 0
    assert deployment_hooks == [True]


async def test_without_models_the_judge_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_server, "llm_router", None)
    with pytest.raises(JudgeUnavailable, match="RuntimeError"):
        await Judge(ask_router).judge("small", "content_safety", "a", 5)
