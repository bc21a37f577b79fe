"""What was found in texts that were seen before, such as the messages of a chat whose history comes again."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from guardrails.scanning.plan import Plan
from guardrails.scanning.whole import Located

# Estimates of what CPython takes; measured with tracemalloc, and a little above.
ENTRY_BYTES = 480
FINDING_BYTES = 300
# One text that fills more than this part of the cache would only push others out.
LARGEST_SHARE = 8
# 64 KB are hashed in about 0.1 ms.
SLICE = 65_536

Findings = tuple[Located, ...]


@dataclass(slots=True)
class _Entry:
    findings: Findings
    until: float


class FindingsCache:
    """Places of findings by plan and text; never holds a text. The least recently used go first.

    Args:
        max_bytes: about how much memory it may take.
        ttl: seconds after which a text is looked through again.
        clock: seconds that only go up.

    Attributes:
        hits: texts that were known.
        misses: texts that were not.
        size: bytes taken, estimated.
    """

    def __init__(self, max_bytes: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._clock = clock
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        # Nobody can prepare two texts with one key without knowing this.
        self._secret = os.urandom(16)
        self.hits = self.misses = self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def key(self, plan: Plan, text: str, *, is_json: bool = False, context: str = "") -> bytes:
        """What a text is known by. A long one is hashed with turns for other work in between."""
        digest = hashlib.blake2b(plan.version, digest_size=16, key=self._secret, person=b"json" if is_json else b"text")
        if context:
            digest.update(f"{len(context)} {context}".encode("utf-8", "surrogatepass"))
        for start in range(0, len(text), SLICE):
            if start:
                await asyncio.sleep(0)
            digest.update(text[start : start + SLICE].encode("utf-8", "surrogatepass"))
        return digest.digest()

    def get(self, key: bytes) -> Findings | None:
        """The findings of a text; ``None`` where they are not known, or no longer."""
        entry = self._entries.get(key)
        if entry is None or entry.until < self._clock():
            if entry is not None:
                self._drop(key)
            self.misses += 1
            return None
        self._entries.move_to_end(key)
        self.hits += 1
        return entry.findings

    def put(self, key: bytes, findings: Findings) -> None:
        """Remember the findings of a text, unless they are too many."""
        if key in self._entries:
            self._drop(key)
        size = _size(findings)
        if size * LARGEST_SHARE > self._max_bytes:
            return
        self._entries[key] = _Entry(findings, self._clock() + self._ttl)
        self.size += size
        while self.size > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: bytes) -> None:
        self.size -= _size(self._entries.pop(key).findings)


def _size(findings: Findings) -> int:
    return ENTRY_BYTES + FINDING_BYTES * len(findings)
