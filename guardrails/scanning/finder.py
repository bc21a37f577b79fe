"""Finding values in texts of any length without holding up the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable

from guardrails.scanning.budget import Budget
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.plan import Plan
from guardrails.scanning.pool import ScanPool
from guardrails.scanning.whole import Collection, Located, steps_of

__all__ = ["Finder", "Located"]

LONGEST_TURN = 0.002  # seconds of the event loop's time


class Finder:
    """Finds values in whole texts: from memory, here, or in a process of the pool.

    Args:
        cache: of findings in texts seen before.
        pool: for long texts; they are looked through here where there is none. The caller starts and closes it.
        budget: what a text may take here; the pool has its own.
        inline_characters: texts up to this length are looked through here.
        longest_turn: seconds after which other work on the event loop has its turn.
    """

    def __init__(
        self,
        cache: FindingsCache,
        pool: ScanPool | None = None,
        budget: Budget | None = None,
        *,
        inline_characters: int = 2048,
        longest_turn: float = LONGEST_TURN,
    ) -> None:
        self.cache = cache
        self._pool = pool
        self._budget = budget or Budget()
        self._inline_characters = inline_characters
        self._longest_turn = longest_turn

    async def find(
        self, specification: Hashable, plan: Plan, text: str, *, is_json: bool = False, context: str = ""
    ) -> tuple[Located, ...]:
        """The findings of a text, in order and without overlaps.

        Args:
            specification: what ``plan`` is made of, for the pool.
            plan: what to look for.
            text: of any length.
            is_json: whether it is a JSON document in a string.
            context: what stands before it and tells what it is about, such as the key of its member.

        Raises:
            BudgetExceededError: it took more processor time than it may.
            PoolError: the pool could not look through it. In both cases the text must not go on.
        """
        if not text:
            return ()
        key = await self.cache.key(plan, text, is_json=is_json, context=context)
        found = self.cache.get(key)
        if found is None:
            if self._pool is None or len(text) <= self._inline_characters:
                found = await self._found_here(plan, text, is_json=is_json, context=context)
            else:
                found = await self._pool.find(specification, text, is_json=is_json, context=context)
            self.cache.put(key, found)
        return found

    async def _found_here(self, plan: Plan, text: str, *, is_json: bool, context: str) -> tuple[Located, ...]:
        collection = Collection()
        turn_began = time.perf_counter()
        for step in self._budget.spending(len(text)).within(steps_of(plan, text, is_json=is_json, context=context)):
            collection.add(step)
            if time.perf_counter() - turn_began > self._longest_turn:
                await asyncio.sleep(0)
                turn_began = time.perf_counter()
        return tuple(collection.found)
