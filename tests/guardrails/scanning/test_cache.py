import asyncio
import gc
import pickle
import tracemalloc

import pytest

from guardrails.scanning.cache import ENTRY_BYTES, FindingsCache
from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import Plan
from guardrails.scanning.whole import Located

PLAN = Plan([], version="1")
ROOM = 10_000_000


def findings(count: int) -> tuple[Located, ...]:
    return tuple(Located(Finding("MAIL", 1000 + n, 2000 + n, 0.5), "text") for n in range(count))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def key(number: int) -> bytes:
    return number.to_bytes(16)


@pytest.mark.parametrize("found", [(), findings(3)])
def test_findings_of_a_text_are_remembered(found: tuple[Located, ...]) -> None:
    cache = FindingsCache(ROOM, ttl=60)
    assert cache.get(key(1)) is None
    cache.put(key(1), found)
    assert cache.get(key(1)) == found
    assert cache.get(key(2)) is None
    assert (cache.hits, cache.misses, len(cache)) == (1, 2, 1)


async def test_texts_plans_and_ways_of_reading_are_told_apart() -> None:
    cache = FindingsCache(ROOM, ttl=60)
    keys = [
        await cache.key(plan, text, is_json=is_json)
        for plan in (PLAN, Plan([], version="2"), Plan([], threshold=0.4, version="1"))
        for text in ("", "a", "b", "a" * 200_000, "a" * 200_001, "\ud800", "\udfff", "é", "e\u0301")
        for is_json in (False, True)
    ]
    assert len(set(keys)) == len(keys)
    assert await cache.key(Plan([], version="1"), "a" * 200_000) == await cache.key(PLAN, "a" * 200_000)


async def test_other_work_has_its_turn_while_a_long_text_is_hashed() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await FindingsCache(ROOM, ttl=60).key(PLAN, "é" * 1_000_000)
    task.cancel()
    assert turns >= 10


def test_nobody_can_prepare_texts_with_one_key() -> None:
    first, second = (asyncio.run(FindingsCache(ROOM, ttl=60).key(PLAN, "text")) for _ in range(2))
    assert first != second


def test_findings_are_forgotten_after_their_time() -> None:
    clock = Clock()
    cache = FindingsCache(ROOM, ttl=60, clock=clock)
    cache.put(key(1), findings(1))
    clock.now = 59
    assert cache.get(key(1))
    clock.now = 61
    assert cache.get(key(1)) is None
    assert (len(cache), cache.size) == (0, 0)


def test_those_used_least_recently_make_room() -> None:
    cache = FindingsCache(10 * ENTRY_BYTES, ttl=60)
    for number in range(10):
        cache.put(key(number), ())
    assert cache.get(key(0)) == ()
    cache.put(key(10), ())
    assert [number for number in range(11) if cache.get(key(number)) is None] == [1]
    assert cache.size == 10 * ENTRY_BYTES


def test_one_text_with_many_findings_does_not_push_the_others_out() -> None:
    cache = FindingsCache(100_000, ttl=60)
    cache.put(key(1), ())
    cache.put(key(2), findings(400))
    assert cache.get(key(1)) == ()
    assert cache.get(key(2)) is None


def test_a_text_put_twice_counts_once() -> None:
    cache = FindingsCache(ROOM, ttl=60)
    cache.put(key(1), findings(9))
    cache.put(key(1), findings(2))
    once = FindingsCache(ROOM, ttl=60)
    once.put(key(1), findings(2))
    assert (cache.get(key(1)), cache.size) == (findings(2), once.size)


@pytest.mark.parametrize("count", [0, 1, 20])
def test_memory_stays_below_the_bound(count: int) -> None:
    pickled = pickle.dumps(findings(count))
    tracemalloc.start()
    try:
        cache = FindingsCache(2_000_000, ttl=60)
        for number in range(20_000):
            cache.put(key(number), pickle.loads(pickled))  # noqa: S301  made above; copies share nothing
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(cache) < 20_000
    # The sizes of entries are estimates, and what else lives in this process is traced too.
    assert taken <= 2_000_000 * 1.25


async def test_texts_are_not_kept() -> None:
    cache = FindingsCache(ROOM, ttl=60)
    cache.put(await cache.key(PLAN, "jane.roe@example.com"), findings(1))
    assert b"jane.roe" not in pickle.dumps((list(cache._entries.items()), cache.size))  # noqa: SLF001  what it keeps
