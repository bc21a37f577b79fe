import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop

from guardrails.scanning.budget import Budget, BudgetExceededError
from guardrails.scanning.pool import PoolDeadlineError, PoolError, ScanPool
from guardrails.scanning.whole import whole_findings

RECOGNIZERS = textwrap.dedent(
    '''
    """Recognizers that behave, and some that do not."""
    import os, re, sys, time
    from pathlib import Path
    from guardrails.scanning.finding import Finding
    from guardrails.scanning.plan import Plan

    class Word:
        reads = "text"

        def __init__(self, word, act=None):
            self.entity, self.trigger, self.act = word.upper(), word, act

        def find(self, text, start, end):
            for match in re.compile(self.trigger).finditer(text, start, end):
                if self.act:
                    self.act(text)
                yield Finding(self.entity, match.start(), match.end(), 0.5)

    def crash(text):
        os._exit(7)

    def crash_once(text):
        if not MARK.exists():
            MARK.touch()
            os._exit(7)

    def sleep(text):
        time.sleep(600)

    def burn(text):
        until = time.thread_time() + 0.5
        while time.thread_time() < until:
            pass

    def fail(text):
        raise ValueError(text)

    MARK = Path(__file__).with_name("crashed")
    PLANS_MADE = Path(__file__).with_name("plans")
    ACTS = {"crashing": crash, "crashonce": crash_once, "sleeping": sleep, "burning": burn, "failing": fail,
            "printing": print}

    def plan_of(words):
        with PLANS_MADE.open("a") as file:
            file.write(f"{words}\\n")
        return Plan([Word(word, ACTS.get(word)) for word in words])

    def no_plan(words):
        raise LookupError(words)
    '''
)
SPEC = ("value", "crashing", "crashonce", "sleeping", "burning", "failing", "printing")
FILLER = "the quick brown fox " * 30

Pools = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pool_recognizers.py").write_text(RECOGNIZERS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def pools(folder: Path) -> Pools:
    @asynccontextmanager
    async def started(**settings: Any) -> AsyncIterator[ScanPool]:
        pool = ScanPool("pool_recognizers.plan_of", settings.pop("budget", Budget(base=60)), **settings)
        await pool.start()
        before = set(pool.pids)
        try:
            yield pool
        finally:
            before |= set(pool.pids)
            await pool.close()
            assert not pool.pids
            assert not [pid for pid in before if is_running(pid)]

    return started


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def places(found: Any) -> list[tuple[str, int, int, str]]:
    return [(finding.entity, finding.start, finding.end, form) for finding, form in found]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "value",
        FILLER + "a value",
        "value " * 3000,
        "漢字 value \ud83d\ude00 \ud800 " * 5000,
        "x" * 40_000 + " value",
    ],
)
async def test_a_process_finds_what_is_found_here(
    pools: Pools, folder: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(folder)
    from pool_recognizers import plan_of  # noqa: PLC0415  written for this test

    async with pools() as pool:
        for is_json in (False, True):
            here = whole_findings(plan_of(("value",)), text, Budget(base=60), is_json=is_json)
            assert await pool.find(("value",), text, is_json=is_json) == here


async def test_json_is_read_as_json(pools: Pools) -> None:
    async with pools() as pool:
        assert places(await pool.find(SPEC, r'["v\u0061lue"]', is_json=True)) == [("VALUE", 2, 12, "json_string")]
        assert not await pool.find(SPEC, r'["v\u0061lue"]')


async def test_a_plan_is_made_once(pools: Pools, folder: Path) -> None:
    async with pools() as pool:
        for spec in (("value",), ("other",), ("value",), ("other",)):
            await pool.find(spec, "value other")
    assert (folder / "plans").read_text().splitlines() == ["('value',)", "('other',)"]


async def test_texts_are_taken_in_the_order_they_came(pools: Pools) -> None:
    async with pools() as pool:
        done: list[int] = []

        async def find(number: int) -> None:
            await pool.find(SPEC, f"{number} value")
            done.append(number)

        await asyncio.gather(*map(find, range(20)))
        assert done == list(range(20))


async def test_several_processes_work_at_a_time(pools: Pools) -> None:
    async with pools(processes=2, deadline=600) as pool:
        assert len(pool.pids) == 2
        hanging = asyncio.create_task(pool.find(SPEC, "sleeping"))
        assert await pool.find(SPEC, "value")
        assert not hanging.done()
        hanging.cancel()


async def test_a_process_is_ended_at_the_deadline_and_replaced(pools: Pools) -> None:
    async with pools(deadline=0.5) as pool:
        before = pool.pids
        with pytest.raises(PoolDeadlineError):
            await pool.find(SPEC, "sleeping")
        assert not is_running(before[0])
        assert places(await pool.find(SPEC, "value")) == [("VALUE", 0, 5, "text")]
        assert pool.pids != before


async def test_longer_texts_have_later_deadlines(pools: Pools) -> None:
    async with pools(deadline=0, deadline_per_100k=100_000) as pool:
        assert await pool.find(SPEC, "value" + "x" * 1000)


async def test_a_text_over_which_processes_end_is_given_up(pools: Pools) -> None:
    async with pools() as pool:
        waiting = [asyncio.create_task(pool.find(SPEC, text)) for text in ("crashing", "value", "crashing", "value")]
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [PoolError, tuple, PoolError, tuple]


async def test_a_text_is_tried_again_when_its_process_ends(pools: Pools) -> None:
    async with pools() as pool:
        assert places(await pool.find(SPEC, "crashonce")) == [("CRASHONCE", 0, 9, "text")]


async def test_a_process_that_was_killed_while_idle_is_replaced(pools: Pools) -> None:
    async with pools() as pool:
        os.kill(pool.pids[0], signal.SIGKILL)
        assert await pool.find(SPEC, "value")


async def test_a_process_that_ends_while_a_long_text_is_sent_is_replaced(pools: Pools) -> None:
    async with pools() as pool:
        with pytest.raises(PoolError):
            await pool.find(SPEC, "crashing " + FILLER * 5000)
        assert await pool.find(SPEC, "value")


async def test_a_text_beyond_its_budget_is_refused_and_the_process_stays(pools: Pools) -> None:
    async with pools(budget=Budget(base=0.2, per_kilobyte=0)) as pool:
        before = pool.pids
        for text in ("burning", "burning " + FILLER * 5000):
            with pytest.raises(BudgetExceededError):
                await pool.find(SPEC, text)
        assert await pool.find(SPEC, "value")
        assert pool.pids == before


@pytest.mark.parametrize("plan_function", ["pool_recognizers.plan_of", "pool_recognizers.no_plan"])
async def test_an_error_is_told_without_the_text(folder: Path, plan_function: str) -> None:
    pool = ScanPool(plan_function)
    await pool.start()
    try:
        for _ in range(2):
            with pytest.raises(PoolError) as caught:
                await pool.find(SPEC, "failing over my secret")
            assert "secret" not in f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
    finally:
        await pool.close()


async def test_what_a_recognizer_prints_does_not_disturb(pools: Pools) -> None:
    async with pools() as pool:
        assert len(await pool.find(SPEC, "printing value")) == 2
        assert len(await pool.find(SPEC, "value")) == 1


@pytest.mark.parametrize("text", ["burning value", "value " + FILLER * 5000])
async def test_a_client_that_leaves_does_not_disturb_the_next(pools: Pools, text: str) -> None:
    async with pools() as pool:
        for turns in (0, 1, 3, 10):
            leaving = asyncio.create_task(pool.find(SPEC, text))
            for _ in range(turns):
                await asyncio.sleep(0)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            assert places(await pool.find(SPEC, "xy value")) == [("VALUE", 3, 8, "text")]


async def test_who_leaves_the_queue_does_not_take_a_turn(pools: Pools) -> None:
    async with pools() as pool:
        tasks = [asyncio.create_task(pool.find(SPEC, "burning")) for _ in range(20)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        assert await pool.find(SPEC, "value")


async def test_other_work_has_its_turn_while_a_long_text_is_sent(pools: Pools) -> None:
    async with pools() as pool:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await pool.find(SPEC, "x " * 500_000)
        task.cancel()
        assert turns >= 50


async def test_closing_tells_everybody_and_leaves_nothing(pools: Pools) -> None:
    async with pools(deadline=600) as pool:
        waiting = [asyncio.create_task(pool.find(SPEC, "sleeping")) for _ in range(3)]
        await asyncio.sleep(0.05)
        await pool.close()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results] == [PoolError] * 3
        with pytest.raises(PoolError):
            await pool.find(SPEC, "value")
    await pool.close()


@pytest.mark.parametrize("plan_function", ["no_such_module.plan_of", "pool_recognizers.no_such_function"])
async def test_a_pool_that_cannot_start_says_so_and_leaves_nothing(folder: Path, plan_function: str) -> None:
    children = set(psutil.Process().children())
    pool = ScanPool(plan_function, processes=2)
    with pytest.raises(PoolError):
        await pool.start()
    assert not [child for child in set(psutil.Process().children()) - children if is_running(child.pid)]


async def test_a_pool_starts_with_the_first_text_if_not_before(folder: Path) -> None:
    pool = ScanPool("pool_recognizers.plan_of")
    try:
        assert not pool.pids
        assert await pool.find(("value",), "value")
    finally:
        await pool.close()


def test_it_works_on_the_loop_of_the_gateway(folder: Path) -> None:
    async def use() -> list[Any]:
        pool = ScanPool("pool_recognizers.plan_of", Budget(base=60), processes=2, deadline=5)
        await pool.start()
        pids = pool.pids
        texts = ["value", "crashing", "sleeping", "value " * 20_000]
        results = await asyncio.gather(*(pool.find(SPEC, text) for text in texts), return_exceptions=True)
        pids += pool.pids
        await pool.close()
        assert not [pid for pid in pids if is_running(pid)]
        return [len(result) if isinstance(result, tuple) else type(result) for result in results]

    assert uvloop.run(use()) == [1, PoolError, PoolDeadlineError, 20_000]


async def test_processes_end_with_their_parent(folder: Path) -> None:
    program = textwrap.dedent(
        """
        import asyncio
        from guardrails.scanning.pool import ScanPool

        async def main():
            pool = ScanPool("pool_recognizers.plan_of", processes=2)
            await pool.start()
            hanging = asyncio.create_task(pool.find(("sleeping",), "sleeping"))
            print(*pool.pids, flush=True)
            await asyncio.sleep(600)

        asyncio.run(main())
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(is_running, pids))
        parent.kill()
        parent.wait()
    await until(lambda: not any(map(is_running, pids)))


def test_processes_do_not_import_litellm_spacy_or_presidio() -> None:
    program = "import sys, guardrails.scanning.pool_worker; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"litellm", "spacy", "presidio_analyzer", "asyncio"} & set(modules)
