"""One Langfuse project: its keys, and all that was sent to it."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from inferspect.testing.langfuse.from_spans import observation_of, trace_of
from inferspect.testing.langfuse.records import Observation, Score, Trace, update
from inferspect.testing.otlp.spans import Span

Record = Span | Score | Trace | Observation
_KINDS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in (Span, Score, Trace, Observation)}


@dataclass(slots=True)
class Prompt:
    """One version of a prompt; ``prompt`` is a text, or a list of messages with ``role`` and ``content``."""

    name: str
    prompt: str | list[dict[str, Any]]
    version: int = 1
    labels: list[str] = field(default_factory=lambda: ["production", "latest"])
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        kind = "text" if isinstance(self.prompt, str) else "chat"
        messages = [{"type": "chatmessage", **message} for message in self.prompt if isinstance(message, dict)]
        return {
            "type": kind,
            "prompt": self.prompt if kind == "text" else messages,
            "name": self.name,
            "version": self.version,
            "config": self.config,
            "labels": self.labels,
            "tags": self.tags,
            "commitMessage": None,
            "resolutionGraph": None,
        }


class Project:
    """What one project holds; safe to read from any thread.

    With a file it survives its process: what was kept is in the file before the sender is told so.
    """

    def __init__(self, public_key: str, secret_key: str, file: Path | None = None) -> None:
        """Begin with what the file holds.

        Raises:
            OSError: the file cannot be read or written.
        """
        self.public_key = public_key
        self.secret_key = secret_key
        self.prompts: list[Prompt] = []
        self._lock = threading.Lock()
        self._traces: dict[str, Trace] = {}
        self._scores: dict[tuple[str, str], Score] = {}
        self._file = file
        if file is not None and file.exists():
            self._read(file)

    def keep(self, records: list[Record]) -> None:
        """Take records over, in their order.

        Raises:
            OSError: they cannot be written to the file.
        """
        if self._file is not None:
            lines = b"".join(orjson.dumps([type(record).__name__, record]) + b"\n" for record in records)
            with self._file.open("ab", buffering=0) as file:
                file.write(lines)
        with self._lock:
            for record in records:
                self._take(record)

    def traces(self) -> dict[str, Trace]:
        """A copy of all traces by their id, in the order in which they came first."""
        with self._lock:
            return copy.deepcopy(self._traces)

    def scores(self) -> list[Score]:
        """A copy of all scores, in the order in which they came first."""
        with self._lock:
            return copy.deepcopy(list(self._scores.values()))

    def clear(self) -> None:
        """Forget all but the prompts."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        with self._lock:
            self._traces.clear()
            self._scores.clear()

    def find_prompt(self, name: str, version: int | None, label: str | None) -> Prompt | None:
        """The prompt of that version, else of that label, else the one in production."""
        for prompt in self.prompts:
            fits = prompt.version == version if version is not None else (label or "production") in prompt.labels
            if prompt.name == name and fits:
                return prompt
        return None

    def _read(self, file: Path) -> None:
        content = file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):  # the process was killed while it wrote, so the sender got no answer
            file.write_bytes(whole)
        for line in whole.splitlines():
            kind, values = orjson.loads(line)
            self._take(_KINDS[kind].validate_python(values))

    def _take(self, record: Record) -> None:
        match record:
            case Span():
                self._trace(trace_of(record))
                self._replace(observation_of(record))
            case Trace():
                self._trace(record)
            case Observation():
                self._update(record)
            case Score():
                key = (record.id, record.timestamp.isoformat())
                if key in self._scores:
                    record.arrivals = self._scores[key].arrivals + 1
                self._scores[key] = record

    def _trace(self, said: Trace) -> Trace:
        kept = self._traces.setdefault(said.id, said)
        if kept is not said:
            begun = [time for time in (kept.timestamp, said.timestamp) if time is not None]
            update(kept, said)
            kept.timestamp = min(begun, default=None)
        return kept

    def _replace(self, observation: Observation) -> None:
        observations = self._traces[observation.trace_id].observations
        if observation.id in observations:
            observation.arrivals = observations[observation.id].arrivals + 1
        observations[observation.id] = observation

    def _update(self, observation: Observation) -> None:
        trace = self._trace(Trace(id=observation.trace_id, timestamp=observation.start))
        kept = trace.observations.setdefault(observation.id, observation)
        if kept is not observation:
            update(kept, observation)
            kept.arrivals += 1
