"""From candidates to cases: read what is kept of them, redact it, suggest assertions, add them to the suite's file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from evals.promotion.candidates import Candidate, failure_of, scores_of
from evals.promotion.case import PromotedCase, Source
from evals.promotion.case_file import CaseFile
from evals.promotion.conversation import Conversation, NotPromotableError, read_conversation
from evals.promotion.diversity import Distance, most_different
from evals.promotion.redaction import Redaction, identifiers_of
from evals.promotion.suggestions import BadAnswer, suggested
from evals.promotion.target import Target
from evals.promotion.variables import variables_of
from inferspect.events.delivery import Content
from inferspect.events.event import GatewayEvent, NewerEventError
from inferspect.store.events.reading import contents_of, events_of

CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How cases are to be made.

    Attributes:
        constants: variables that all cases get.
        typed: what was asked, by a person, where the store has no content.
        diverse: how many of the candidates are kept, those that differ most; ``None`` for all.
        distances: by what texts differ.
    """

    redaction: Redaction
    distances: Callable[[Sequence[str]], Distance]
    constants: Mapping[str, str] = field(default_factory=dict)
    typed: Conversation | None = None
    last_turn: bool = False
    diverse: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store has of a request."""

    event: GatewayEvent | NewerEventError
    content: Content
    scores: Mapping[str, float]


@dataclass(slots=True)
class Promoted:
    """What became of the candidates.

    Attributes:
        added: new cases; ``merged``: requests that joined a case, with its description.
        known: requests that are in the file already.
        by_hand: requests that ask what a case in another file asks, with its place.
        left_out: those that others stand for, where the most different were wanted.
        refused: requests that no case can be made of, and why.
    """

    added: list[tuple[Candidate, PromotedCase]] = field(default_factory=list)
    merged: list[tuple[Candidate, str]] = field(default_factory=list)
    known: list[Candidate] = field(default_factory=list)
    by_hand: list[tuple[Candidate, str]] = field(default_factory=list)
    left_out: list[Candidate] = field(default_factory=list)
    refused: list[tuple[Candidate, str]] = field(default_factory=list)


async def kept_of(connection: AsyncConnection, candidates: Sequence[Candidate]) -> dict[str, Kept]:
    """Events, contents and scores of the candidates, by request."""
    wanted = {one.id: one.occurred_at for one in candidates if one.occurred_at is not None}
    if not wanted:
        return {}
    events = await events_of(connection, wanted)
    contents = await contents_of(connection, wanted)
    scores = await scores_of(connection, wanted)
    return {id_: Kept(event, contents.get(id_, Content()), scores.get(id_, {})) for id_, event in events.items()}


def promote(
    candidates: Sequence[Candidate], kept: Mapping[str, Kept], target: Target, file: CaseFile, wishes: Wishes
) -> Promoted:
    """Add the candidates' cases to the file, which is not written yet.

    Raises:
        CaseFileError: nothing can be added to it.
    """
    done = Promoted()
    there = file.requests()
    made: list[tuple[Candidate, PromotedCase]] = []
    for candidate in candidates:
        if candidate.id in there:
            done.known.append(candidate)
            continue
        try:
            made.append((candidate, _case(candidate, kept.get(candidate.id), target, wishes)))
        except NotPromotableError as reason:
            done.refused.append((candidate, str(reason)))
    for candidate, case in _differing(made, wishes, done):
        by_hand = target.same_input(case.variables)
        if by_hand is not None:
            done.by_hand.append((candidate, f"{by_hand.description} ({by_hand.file.name})"))
        elif file.add(case):
            done.added.append((candidate, case))
        else:
            done.merged.append((candidate, file.merged[-1][0]))
    return done


def _differing(
    made: list[tuple[Candidate, PromotedCase]], wishes: Wishes, done: Promoted
) -> list[tuple[Candidate, PromotedCase]]:
    """The most different ones, and with them whoever asks the same."""
    if wishes.diverse is None:
        return made
    first = {case.id: number for number, (_, case) in reversed(list(enumerate(made)))}
    numbers = sorted(first.values())
    if wishes.diverse < len(numbers):
        distance = wishes.distances([made[number][1].question for number in numbers])
        numbers = [numbers[chosen] for chosen in most_different(len(numbers), wishes.diverse, distance)]
    chosen = {made[number][1].id for number in numbers}
    done.left_out += [candidate for candidate, case in made if case.id not in chosen]
    return [(candidate, case) for candidate, case in made if case.id in chosen]


def _case(candidate: Candidate, kept: Kept | None, target: Target, wishes: Wishes) -> PromotedCase:
    if kept is None:
        raise NotPromotableError("the store has no event of it: it may still be in a spool, or its days are over")
    if isinstance(kept.event, NewerEventError):
        raise NotPromotableError(str(kept.event))
    candidate = _explained(candidate, kept.event)
    conversation = wishes.redaction.conversation(_conversation(kept.content, wishes), kept.event)
    variables = variables_of(conversation, target, wishes.constants, last_turn=wishes.last_turn)
    bad = BadAnswer(
        candidate,
        conversation.question,
        "" if candidate.cause == "blocked" else conversation.answer,
        kept.event,
        kept.scores,
        _form(kept.event, wishes.redaction),
        CONTEXT if CONTEXT in variables else None,
        target.given,
        target.shared,
    )
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    source = Source(candidate.id, now, wishes.redaction.text(candidate.why))
    question = variables.get("question")
    title = question if isinstance(question, str) and question.strip() else conversation.question
    return PromotedCase(variables, title, suggested(bad), (source,))


def _conversation(content: Content, wishes: Wishes) -> Conversation:
    if content.input is None and wishes.typed is not None:
        return wishes.typed
    return read_conversation(content.input, content.output)


def _form(event: GatewayEvent, redaction: Redaction) -> Mapping[str, Any]:
    """The form of the answer that was asked for; its kind alone where something personal stands in it."""
    text = event.parameters.get("text")
    form = event.parameters.get("response_format") or (text.get("format") if isinstance(text, Mapping) else None)
    if not isinstance(form, Mapping):
        return {}
    written = json.dumps(form, ensure_ascii=False)
    known = list(identifiers_of(event))
    is_clean = all(redaction.text(written, known, is_json=is_json) == written for is_json in (False, True))
    return form if is_clean else {"type": form.get("type")}


def _explained(candidate: Candidate, event: GatewayEvent) -> Candidate:
    """A request that was named is what its event says that it became."""
    if candidate.cause != "named":
        return candidate
    told: dict[str, Any] = {}
    if event.result == "blocked":
        told = {"cause": "blocked", "why": candidate.why or f"blocked: {event.code or 'no code'}"}
    elif event.result == "failure":
        told = {"cause": "failed", "why": candidate.why or failure_of(event.code, event.error_class, event.status)}
    elif not candidate.why:
        told = {"why": "picked by hand"}
    return replace(candidate, **told)
