"""A process that looks through long texts for a gateway worker: ``python -m guardrails.scanning.pool_worker``.

It reads frames from its standard input and writes frames to its standard output: a length, a kind, and so many bytes.
A text comes in pieces and is looked through piece by piece, so that a process needs little memory whatever the
length of texts. It never prints a text, nor an error that may quote one.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, BinaryIO, NamedTuple

from guardrails.scanning.budget import Budget, BudgetExceededError
from guardrails.scanning.json_scan import JsonScan
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan
from guardrails.scanning.whole import SLICE, Collection
from inferspect.launcher.lifeline import die_with_parent

HEADER = struct.Struct(">IB")
# From the gateway's worker: a request is a JSON line and the pickled specification; its text and an end follow.
REQUEST, TEXT, END = 1, 2, 3
# From here: ready for work; a part of the findings, as JSON; no more of them; nothing was found out, and why.
READY, FINDINGS, DONE, FAILED = 4, 5, 6, 7
OVER_BUDGET = b"budget"

FINDINGS_IN_FRAME = 256
PLANS_KEPT = 64


class Request(NamedTuple):
    """What precedes a text."""

    is_json: bool
    context: str
    base: float
    per_kilobyte: float
    characters: int


def frame(kind: int, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), kind) + payload


def main() -> None:
    parent, plan_function = sys.argv[1:]
    die_with_parent()
    if os.getppid() != int(parent):
        sys.exit("the gateway's worker has ended")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker decides when this ends
    # What a recognizer prints goes to the log, not among the frames.
    with os.fdopen(os.dup(0), "rb") as incoming, os.fdopen(os.dup(1), "wb") as outgoing:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        Worker(function(plan_function), incoming, outgoing).run()


def function(dotted: str) -> Callable[[Any], Plan]:
    """The function of a dotted name, such as ``guardrails.policy.plans.plan_of``."""
    module, _, name = dotted.rpartition(".")
    made: Callable[[Any], Plan] = getattr(import_module(module), name)
    return made


class Worker:
    """Answers requests one after the other until there are no more.

    Args:
        plan_of: makes a plan of a specification; plans are kept.
        incoming: frames from the gateway's worker.
        outgoing: frames to it.
    """

    def __init__(self, plan_of: Callable[[Any], Plan], incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._plan_of = plan_of
        self._incoming = incoming
        self._outgoing = outgoing
        self._plans: OrderedDict[bytes, Plan] = OrderedDict()

    def run(self) -> None:
        self._send(READY)
        while (received := self._receive()) is not None:
            head, _, specification = received[1].partition(b"\n")
            pieces = self._pieces()
            try:
                answer = self._look(Request(*json.loads(head)), specification, pieces)
            except (BudgetExceededError, TimeoutError):
                answer = [frame(FAILED, OVER_BUDGET)]
            except Exception as error:  # noqa: BLE001  whatever a recognizer raises; the message may quote the text
                answer = [frame(FAILED, type(error).__name__.encode())]
            for _ in pieces:
                pass
            self._outgoing.writelines(answer)
            self._outgoing.flush()

    def _look(self, request: Request, specification: bytes, pieces: Iterator[str]) -> list[bytes]:
        plan = self._plan(specification)
        scan = (JsonScan if request.is_json else Scan)(plan, request.context)
        spending = Budget(request.base, request.per_kilobyte).spending(request.characters)
        collection = Collection()
        for piece in pieces:
            for start in range(0, len(piece), SLICE):
                for step in spending.within(scan.feed(piece[start : start + SLICE])):
                    collection.add(step)
        for step in spending.within(scan.finish()):
            collection.add(step)
        rows = [(f.entity, f.start, f.end, f.score, f.validated, form) for f, form in collection.found]
        parts = (rows[start : start + FINDINGS_IN_FRAME] for start in range(0, len(rows), FINDINGS_IN_FRAME))
        return [*(frame(FINDINGS, json.dumps(part).encode()) for part in parts), frame(DONE)]

    def _plan(self, specification: bytes) -> Plan:
        plan = self._plans.pop(specification, None)
        if plan is None:
            # Only the worker that started this process writes to its input.
            plan = self._plan_of(pickle.loads(specification))  # noqa: S301
            if len(self._plans) == PLANS_KEPT:
                self._plans.popitem(last=False)
        self._plans[specification] = plan
        return plan

    def _pieces(self) -> Iterator[str]:
        while (received := self._receive()) is not None and received[0] == TEXT:
            yield received[1].decode("utf-8", "surrogatepass")

    def _receive(self) -> tuple[int, bytes] | None:
        header = self._incoming.read(HEADER.size)
        if len(header) < HEADER.size:
            return None
        length, kind = HEADER.unpack(header)
        return kind, self._incoming.read(length)

    def _send(self, kind: int) -> None:
        self._outgoing.write(frame(kind))
        self._outgoing.flush()


if __name__ == "__main__":
    main()
