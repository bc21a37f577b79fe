"""Reads a file of a prompt: front matter, then messages, each below its role as a heading."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from inferspect.prompts.front_matter import FrontMatter, read_front_matter
from inferspect.prompts.mistake import Mistake, PromptFileError
from inferspect.prompts.prompt import Message, Prompt, Role
from inferspect.prompts.template import parse_template
from inferspect.prompts.values import SPACE
from inferspect.prompts.words import TemplateError

FENCE = "---"
LARGEST = 256 * 1024  # bytes of a file
HEADING = re.compile(r"# *(\w+) *")
ROLES: tuple[Role, ...] = get_args(Role)
OTHER_ROLES = ("developer", "tool", "function")  # as other formats have them
HEADINGS = ", ".join(f"`# {role}`" for role in ROLES)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")  # and what nobody sees


def read_prompt(file: Path, name: str, version: int) -> Prompt:
    """The prompt in a file, which has to be this version of this name.

    Raises:
        PromptFileError: with every mistake that was found.
    """
    text = _read(file)
    matter, line, body = _parted(file, text)
    mistakes: list[Mistake] = []
    front, messages = None, []
    try:
        front = read_front_matter(file, matter)
        mistakes += _misplaced(file, front, name, version)
    except PromptFileError as error:
        mistakes += error.mistakes
    for found in _messages(file, body, line):
        if isinstance(found, Mistake):
            mistakes.append(found)
        else:
            messages.append(found)
    if mistakes or front is None:
        raise PromptFileError(mistakes)
    variables = sorted({name for message in messages for name in message.template.variables})
    return Prompt(
        front.name, front.version, front.model, front.parameters, front.owner, front.changelog,
        tuple(messages), tuple(variables), file, text,
    )  # fmt: skip


def _read(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would be waited for
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PromptFileError([Mistake(file, "is no regular file")])
            content = opened.read(LARGEST + 1)
        if len(content) > LARGEST:  # cut wherever that is, maybe within a letter
            raise PromptFileError([Mistake(file, f"is longer than {LARGEST // 1024} KB")])
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise PromptFileError([Mistake(file, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PromptFileError([Mistake(file, "is not in UTF-8", line)]) from None
    text = text.replace("\r\n", "\n")
    if (found := CONTROL.search(text)) is not None:
        line = text.count("\n", 0, found.start()) + 1
        raise PromptFileError([Mistake(file, f"holds the control character U+{ord(found[0]):04X}", line)])
    return text


def _parted(file: Path, text: str) -> tuple[str, int, list[str]]:
    """The front matter, the line on which the rest begins, and the rest in lines."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise PromptFileError([Mistake(file, f"begins with front matter between lines of {FENCE!r}", 1)])
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]), number + 2, lines[number + 1 :]
    raise PromptFileError([Mistake(file, f"has no line of {FENCE!r} that ends the front matter", 1)])


def _misplaced(file: Path, front: FrontMatter, name: str, version: int) -> Iterator[Mistake]:
    if front.name != name:
        yield Mistake(file, f"is {front.name!r}, but the folder is called {name!r}", None, "name")
    if front.version != version:
        yield Mistake(file, f"is {front.version}, but the file is called v{version}.md", None, "version")


def _messages(file: Path, body: list[str], first: int) -> Iterator[Message | Mistake]:
    """The messages, split before any variable is filled in, so that no value can make one."""
    role: Role | None = None
    start, lines, count = first, list[str](), 0
    for number, line in enumerate([*body, None], start=first):
        heading = None if line is None else _role(line)
        if line is not None and heading is None:
            wrong = HEADING.fullmatch(line)
            if role is None and line.strip():
                yield Mistake(file, f"a message begins with a line that is one of {HEADINGS}", number)
                return
            if wrong is not None and (wrong[1].lower() in ROLES or wrong[1] in OTHER_ROLES):
                yield Mistake(
                    file, f"`{line.strip()}` begins no message; what does is exactly one of {HEADINGS}", number
                )
            lines.append(line)
            continue
        if role is not None:
            yield _message(file, role, lines, start)
            count += 1
        role, start, lines = heading, number + 1, []
    if not count:
        yield Mistake(file, "has no message: write one below a line `# system` or `# user`", first)


def _role(line: str) -> Role | None:
    return next((role for role in ROLES if line.rstrip(" \t") == f"# {role}"), None)


def _message(file: Path, role: Role, lines: list[str], first: int) -> Message | Mistake:
    whole = "\n".join(lines)
    source = whole.strip(SPACE)
    line = first + whole[: len(whole) - len(whole.lstrip(SPACE))].count("\n")
    if not source:
        return Mistake(file, f"the message of the role {role!r} is empty", first - 1)
    try:
        return Message(role, source, parse_template(source), line)
    except TemplateError as error:
        return Mistake(file, str(error), line + error.line - 1)
