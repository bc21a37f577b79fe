"""Fills variables into a template, within bounds that hold whatever the template and the variables are.

Nothing is compiled: the checked nodes are walked, each step counted. Values are only ever values; what looks like a
template in one stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from jinja2 import nodes

from inferspect.prompts.template import Template, is_path
from inferspect.prompts.values import FILTERS, ValueRefusedError, compared, items_of, member_of, text_of, truth

MOST_CHARACTERS = 2_000_000  # of all messages of a prompt together
MOST_STEPS = 50_000  # less than a tenth of a second
CHARACTERS_A_STEP = 1_000  # that are copied or changed
MISSING = object()
Scope = Mapping[str, Any]  # names of the loops around
Made = TypeVar("Made")


class RenderError(ValueError):
    """The variables do not fit the prompt; ``line`` is within the template. No value is in the message."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class MissingVariableError(RenderError):
    """A variable that the prompt needs is not given."""


class TooMuchError(RenderError):
    """It would take more steps or characters than it may."""


class Rendering:
    """Renders templates with the same variables, within bounds that hold for all together."""

    def __init__(self, variables: Mapping[str, Any], steps: int = MOST_STEPS) -> None:
        self._variables = variables
        self._steps = steps
        self._room = MOST_CHARACTERS
        self._line = 1

    def render(self, template: Template) -> str:
        """The text.

        Raises:
            RenderError: a variable is missing or of the wrong kind, or it gets too long.
        """
        parts: list[str] = []
        try:
            self._body(template.body, {}, parts)
        except ValueRefusedError as error:
            raise RenderError(str(error), self._line) from None
        return "".join(parts)

    def _body(self, body: Iterable[nodes.Node], scope: Scope, parts: list[str]) -> None:
        for node in body:
            self._step(node)
            if isinstance(node, nodes.Output):
                for child in node.nodes:
                    self._append(self._text(child, scope), parts)
            elif isinstance(node, nodes.If):
                self._condition(node, scope, parts)
            elif isinstance(node, nodes.For):
                self._loop(node, scope, parts)

    def _text(self, node: nodes.Node, scope: Scope) -> str:
        return node.data if isinstance(node, nodes.TemplateData) else _used(node, self._value(node, scope), text_of)

    def _condition(self, node: nodes.If, scope: Scope, parts: list[str]) -> None:
        for branch in (node, *node.elif_):
            if self._holds(branch.test, scope):
                self._body(branch.body, scope, parts)
                return
        self._body(node.else_, scope, parts)

    def _loop(self, node: nodes.For, scope: Scope, parts: list[str]) -> None:
        items = _used(node.iter, self._value(node.iter, scope), items_of)
        target = str(getattr(node.target, "name", ""))
        for index, item in enumerate(items):
            self._step(node)
            told = {
                "index": index + 1,
                "index0": index,
                "first": index == 0,
                "last": index == len(items) - 1,
                "length": len(items),
            }
            self._body(node.body, {**scope, target: item, "loop": told}, parts)
        if not items:
            self._body(node.else_, scope, parts)

    def _append(self, text: str, parts: list[str]) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise TooMuchError(f"it makes more than {MOST_CHARACTERS:,} characters", self._line)
        self._spend(len(text) // CHARACTERS_A_STEP)
        parts.append(text)

    def _step(self, node: nodes.Node) -> None:
        self._line = node.lineno
        self._spend(1)

    def _spend(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise TooMuchError("it takes too many steps: its loops are too long", self._line)

    def _holds(self, node: nodes.Node, scope: Scope) -> bool:
        """Whether a condition does; a variable that is not given is none, as in Nunjucks."""
        self._step(node)
        if isinstance(node, nodes.And):
            return self._holds(node.left, scope) and self._holds(node.right, scope)
        if isinstance(node, nodes.Or):
            return self._holds(node.left, scope) or self._holds(node.right, scope)
        if isinstance(node, nodes.Not):
            return not self._holds(node.node, scope)
        if isinstance(node, nodes.Compare):
            left, right = self._value(node.expr, scope), self._value(node.ops[0].expr, scope)
            self._spend(sum(len(side) // CHARACTERS_A_STEP for side in (left, right) if isinstance(side, str)))
            return _used(node.expr, left, partial(compared, node.ops[0].op, right=right))
        if isinstance(node, nodes.Test):
            return self._maybe(node.node, scope) is not MISSING
        value = self._maybe(node, scope) if is_path(node) else self._value(node, scope)
        return value is not MISSING and _used(node, value, truth)

    def _value(self, node: nodes.Node, scope: Scope) -> Any:
        self._step(node)
        if isinstance(node, nodes.Const):
            return node.value
        if isinstance(node, nodes.Filter):
            return self._filter(node, scope)
        value = self._maybe(node, scope)
        if value is MISSING:
            raise MissingVariableError(f"`{_path_of(node)}` is not given", node.lineno)
        return value

    def _maybe(self, node: nodes.Node, scope: Scope) -> Any:
        """What a name and the steps behind it lead to; ``MISSING`` where they lead nowhere."""
        if isinstance(node, nodes.Name):
            return scope.get(node.name, self._variables.get(node.name, MISSING))
        if not isinstance(node, nodes.Getattr | nodes.Getitem):
            raise RenderError("it is not in the language of prompts", node.lineno)
        owner = self._maybe(node.node, scope)
        step = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if owner is MISSING or not isinstance(step, str | int):
            return MISSING
        return _used(node.node, owner, partial(member_of, step=step, absent=MISSING))

    def _filter(self, node: nodes.Filter, scope: Scope) -> Any:
        source = node.node or node
        arguments = [self._value(argument, scope) for argument in node.args]
        if node.name == "default":
            value = self._maybe(source, scope)
            also_empty = len(arguments) > 1 and truth(arguments[1])
            is_absent = value is MISSING or (also_empty and not _used(source, value, truth))
            return arguments[0] if is_absent else value
        value = self._value(source, scope)
        self._weigh(node, value, arguments)
        return _used(source, value, lambda found: FILTERS[node.name](found, *arguments))

    def _weigh(self, node: nodes.Filter, value: Any, arguments: list[Any]) -> None:
        """Have the work of a filter paid for before it is done."""
        if isinstance(value, str):
            self._spend(len(value) // CHARACTERS_A_STEP)
        elif isinstance(value, list) and node.name == "join":
            self._spend(len(value))
            size = sum(len(item) for item in value if isinstance(item, str))
            size += sum(len(argument) * len(value) for argument in arguments if isinstance(argument, str))
            if size > MOST_CHARACTERS:
                raise TooMuchError(f"it makes more than {MOST_CHARACTERS:,} characters", node.lineno)
            self._spend(size // CHARACTERS_A_STEP)


def _used(node: nodes.Node, value: Any, use: Callable[[Any], Made]) -> Made:
    """What ``use`` makes of a value; where it refuses it, the message says which it was."""
    try:
        return use(value)
    except ValueRefusedError as error:
        raise ValueRefusedError(f"`{_path_of(node)}` {error}") from None


def _path_of(node: nodes.Node | None) -> str:
    """A value as the template names it."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_path_of(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{_path_of(node.node)}[{getattr(node.arg, 'value', '')!r}]"
    if isinstance(node, nodes.Filter):
        return f"{_path_of(node.node)} | {node.name}"
    return "a value"
