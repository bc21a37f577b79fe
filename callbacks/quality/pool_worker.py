"""A process that scores responses, one after the other: ``python -m callbacks.quality.pool_worker``.

It reads requests from its standard input: three lengths, and so many bytes of JSON of the event, the input and the
output; it writes a length and JSON of what :mod:`callbacks.quality.scoring` found. It never prints a text.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import orjson

from callbacks.quality.processor_time import ProcessorTime
from callbacks.quality.scoring import Scoring
from inferspect.launcher.lifeline import die_with_parent

LENGTHS = struct.Struct(">III")
LENGTH = struct.Struct(">I")
NONE = 2**32 - 1
READY = b"{}"
FAILED = b'{"skipped":"error"}'
COURTESY = 10
"""Who answers requests comes first where processors are scarce."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a process needs to know.

    Attributes:
        own: dotted names of the operator's scorers.
        max_characters: see :class:`inferspect.observation.quality.QualitySettings`.
        scorer_seconds: see ``scorer_deadline`` there.
        texts: characters of question, context and answer that are given back with the scores; 0 for none.
    """

    own: tuple[str, ...] = ()
    max_characters: int = 20_000
    scorer_seconds: float = 0.5
    texts: int = 0

    def to_argument(self) -> str:
        return json.dumps(asdict(self))


def request(event: bytes, asked: str | None, answered: str | None) -> list[bytes]:
    """What is sent for one response, in pieces."""
    texts = [None if text is None else text.encode("utf-8", "surrogatepass") for text in (asked, answered)]
    lengths = [NONE if text is None else len(text) for text in texts]
    return [LENGTHS.pack(len(event), *lengths), event, *(text for text in texts if text)]


def main() -> None:
    parent, configuration = sys.argv[1:]
    die_with_parent()
    if os.getppid() != int(parent):
        sys.exit("the process that delivers has ended")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this decides when it ends
    os.nice(COURTESY)
    # What a scorer prints goes to the log, not among the scores.
    with os.fdopen(os.dup(0), "rb") as incoming, os.fdopen(os.dup(1), "wb") as outgoing:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        settings = Configuration(**json.loads(configuration))
        limited = ProcessorTime(settings.scorer_seconds).limit
        serve(settings, Scoring(settings.own, settings.max_characters, limited), incoming, outgoing)


def serve(settings: Configuration, scoring: Scoring, incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer requests until there are no more."""
    _send(outgoing, READY)
    while len(header := incoming.read(LENGTHS.size)) == LENGTHS.size:
        event, asked, answered = (_text(incoming, length) for length in LENGTHS.unpack(header))
        try:
            result = orjson.dumps(_scored(settings, scoring, orjson.loads(event or "{}"), asked, answered))
        except Exception:  # noqa: BLE001  of a text that nobody thought of; the message may quote it
            result = FAILED
        _send(outgoing, result)


def _scored(
    settings: Configuration, scoring: Scoring, event: dict[str, Any], asked: str | None, answered: str | None
) -> dict[str, Any]:
    response = scoring.read(event, asked, answered)
    result = asdict(scoring.score(response))
    if settings.texts and response.kept:
        result["texts"] = {
            name: getattr(response, name)[: settings.texts] for name in ("question", "context", "answer")
        }
    return result


def _text(incoming: BinaryIO, length: int) -> str | None:
    return None if length == NONE else incoming.read(length).decode("utf-8", "replace")


def _send(outgoing: BinaryIO, payload: bytes) -> None:
    outgoing.write(LENGTH.pack(len(payload)) + payload)
    outgoing.flush()


if __name__ == "__main__":
    main()
