import asyncio
import re
from collections.abc import Iterator

import pytest

from guardrails.policy.plans import PlanSpec, plan_of
from guardrails.scanning.budget import Budget, BudgetExceededError
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import Plan
from guardrails.scanning.pool import PoolError, ScanPool
from guardrails.scanning.whole import Located, whole_findings


class Mail:
    entity, reads, trigger = "MAIL", "text", "@"

    def __init__(self) -> None:
        self.asked = 0

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        self.asked += 1
        for match in re.finditer(r"\w+@\w+\.com", text[start:end]):
            yield Finding(self.entity, start + match.start(), start + match.end(), 0.5)


def no_plan(_specification: object) -> Plan:
    raise LookupError


def cache() -> FindingsCache:
    return FindingsCache(10_000_000, ttl=600)


@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize("text", ["", "a@b.com", '["a@b.com"]', "write to a@b.com " * 400])
async def test_a_text_is_looked_through_once(text: str, is_json: bool) -> None:
    mail = Mail()
    plan = Plan([mail])
    finder = Finder(cache())
    first = await finder.find("spec", plan, text, is_json=is_json)
    asked = mail.asked
    assert await finder.find("spec", plan, text, is_json=is_json) == first
    assert mail.asked == asked
    assert first == whole_findings(plan, text, Budget(base=60), is_json=is_json)


async def test_a_text_is_looked_through_again_as_json() -> None:
    finder, plan = Finder(cache()), Plan([Mail()])
    forms = [(await finder.find("", plan, '["a@b.com"]', is_json=is_json))[0].form for is_json in (False, True)]
    assert forms == ["text", "json_string"]


async def test_other_work_has_its_turn_between_all_steps() -> None:
    finder, plan = Finder(cache(), longest_turn=0), Plan([Mail()])
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    found = await finder.find("", plan, "write to a@b.com if you have something to tell " * 100)
    task.cancel()
    assert len(found) == 100
    assert turns >= 100


async def test_short_texts_stay_here_and_long_ones_go_to_the_pool() -> None:
    pool = ScanPool(f"{__name__}.no_plan")
    await pool.close()
    finder, plan = Finder(cache(), pool, inline_characters=100), Plan([Mail()])
    assert await finder.find("", plan, "a@b.com".ljust(100)) == (Located(Finding("MAIL", 0, 7, 0.5), "text"),)
    with pytest.raises(PoolError):
        await finder.find("", plan, "a@b.com".ljust(101))


async def test_a_failure_is_not_remembered() -> None:
    finder, plan = Finder(cache(), budget=Budget(base=0, per_kilobyte=0)), Plan([Mail()])
    for _ in range(2):
        with pytest.raises(BudgetExceededError):
            await finder.find("", plan, "a@b.com")
    assert len(finder.cache) == 0


async def test_the_key_of_a_member_tells_what_its_value_is() -> None:
    """Here, in the pool, and from memory, where the same text without it is another."""
    pool = ScanPool("guardrails.policy.plans.plan_of")
    specification = PlanSpec((("US_SSN", 0.35),))
    plan, long_text = plan_of(specification), "219099998" + " and so on" * 300
    finder = Finder(cache(), pool)
    try:
        for text in ("219099998", long_text):
            found = [
                await finder.find(specification, plan, text, context=context) for context in ("", "ssn: ", "", "id: ")
            ]
            assert [len(each) for each in found] == [0, 1, 0, 0]
    finally:
        await pool.close()
