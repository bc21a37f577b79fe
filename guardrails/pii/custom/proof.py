"""From a definition to a recognizer that finds its examples, and none of its counter-examples."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.custom.checks import Check, check_of
from guardrails.pii.custom.file import DOCUMENTED, RecognizerDefinition
from guardrails.pii.custom.recognizer import CustomRecognizer
from guardrails.pii.custom.trigger import derived_trigger
from guardrails.scanning.folding import fold, plain
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import LONGEST_SEEN_WHOLE, Scan
from guardrails.scanning.triggers import LONGEST_TRIGGER
from inferspect.configuration_file import PathInFile, Problem
from inferspect.tenancy.entities import ENTITIES

NO_TRIGGER = (
    "needs a trigger: it cannot be derived where values begin neither with the same two characters nor have a digit "
    "before anything that may be white space"
)
GIVE_TRIGGER = r"give a regular expression for what stands where every value begins, such as EMP- or \d"
MEND = "mend the recognizer or drop this text"


def made(definition: RecognizerDefinition, place: PathInFile) -> tuple[CustomRecognizer | None, list[Problem]]:
    """The recognizer, and all that is wrong with it."""
    problems: list[Problem] = []
    known = ENTITIES.get(definition.entity)
    if known and known != definition.as_entity():
        problems.append(
            Problem((*place, "entity"), f"there is an entity {definition.entity} already", "choose another name")
        )
    check: Check | None = None
    if definition.validator:
        try:
            check = check_of(definition.validator)
        except ValueError as error:
            problems.append(Problem((*place, "validator"), str(error), DOCUMENTED))
    trigger, wrong = _trigger(definition)
    if wrong:
        problems.append(Problem((*place, "trigger"), wrong, GIVE_TRIGGER))
    if trigger is None or problems:
        return None, problems
    recognizer = CustomRecognizer(definition, trigger, check)
    return recognizer, list(_failures(recognizer, definition, place))


def _trigger(definition: RecognizerDefinition) -> tuple[str | None, str]:
    """The trigger, and what is wrong with it."""
    if definition.trigger is None:
        derived = [derived_trigger(pattern.regex, pattern.compiled_flags) for pattern in definition.patterns]
        if None in derived:
            return None, NO_TRIGGER
        return "|".join(dict.fromkeys(each for each in derived if each)), ""
    try:
        compiled = re.compile(definition.trigger)
    except re.error as error:
        return None, f"not a regular expression of the standard library: {error}"
    if compiled.groups or compiled.flags != re.UNICODE:
        return None, "must have no flags, and no groups that capture"
    if compiled.search("") or compiled.search("\n"):
        return None, "matches an empty text or white space, and so everywhere"
    return definition.trigger, ""


def _failures(recognizer: CustomRecognizer, definition: RecognizerDefinition, place: PathInFile) -> Iterator[Problem]:
    for kind, wrong_with in (("examples", _wrong_with_example), ("counter_examples", _wrong_with_counter_example)):
        for index, text in enumerate(getattr(definition, kind)):
            try:
                wrong = wrong_with(recognizer, text)
            except Exception as error:  # noqa: BLE001  the operator's own check, or a pattern without end
                wrong = f"fails: {error!r}"
            if wrong:
                yield Problem((*place, kind, index), wrong, MEND, text)


def _wrong_with_example(recognizer: CustomRecognizer, text: str) -> str | None:
    read = fold(plain(text)) if recognizer.reads == "folded" else plain(text)
    values = list(recognizer.find(read, 0, len(read)))
    triggers = re.findall(recognizer.trigger, read)
    found = _found(recognizer, text)
    wrong: str | None = None
    if not values:
        wrong = "no pattern matches in it, or the check says no"
    elif any(value.end - value.start > LONGEST_SEEN_WHOLE for value in values):
        wrong = f"its value is longer than {LONGEST_SEEN_WHOLE} characters; match how it begins, the rest follows"
    elif not triggers:
        wrong = f"the trigger {recognizer.trigger} does not match in it"
    elif any(len(trigger) > LONGEST_TRIGGER or re.search(r"\s", trigger) for trigger in triggers):
        wrong = f"the trigger matches white space in it, or more than {LONGEST_TRIGGER} characters"
    elif not found:
        wrong = "its value has a score below 0.35, or begins in a word before that of the trigger"
    elif found != _found(recognizer, list(text)):
        wrong = "another value is found when it comes in pieces"
    return wrong


def _wrong_with_counter_example(recognizer: CustomRecognizer, text: str) -> str | None:
    return "a value is found in it" if _found(recognizer, text) else None


def _found(recognizer: CustomRecognizer, pieces: str | list[str]) -> list[str]:
    """The values in a text, whole or in pieces."""
    scan = Scan(Plan([recognizer]))
    whole = [pieces] if isinstance(pieces, str) else pieces
    steps = [step for piece in whole for step in scan.feed(piece)] + list(scan.finish())
    return [
        step.text[finding.start : finding.end]
        for step in steps
        for finding in step.findings
        if finding.entity == recognizer.entity
    ]
