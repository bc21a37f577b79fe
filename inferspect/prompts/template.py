"""The template language of prompts: what Jinja and Nunjucks have in common and read alike, and nothing else.

Jinja's parser reads it. What it finds is checked against a short list, so that nothing which only one of them knows,
or which could run for long or reach into the program, ever gets further.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes

from inferspect.prompts.words import TemplateError, check_words

# With how many arguments, least and most.
FILTERS = {"upper": (0, 0), "lower": (0, 0), "trim": (0, 0), "default": (1, 2), "join": (0, 1), "length": (0, 0)}
LOOP = ("index", "index0", "first", "last", "length")
COMPARISONS = frozenset({"eq", "ne", "lt", "lteq", "gt", "gteq"})
DEEPEST = 32
CONSTANTS = frozenset({"true", "false", "none"})
MEMBERS_OF_ALL = frozenset(  # that JavaScript knows of any object, and so finds where nothing is given
    {
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString",
        "valueOf", "__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
    }
)  # fmt: skip
OTHERS_NAMES = MEMBERS_OF_ALL | {"range", "cycler", "joiner"}  # Nunjucks has functions of these names
WORDS = "texts, `{{ name }}`, `{% if %}`, `{% for item in list %}`, comparisons, `and`, `or`, `not`, `is defined`"


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template; ``variables`` are the names that it needs or can use."""

    body: tuple[nodes.Node, ...]
    variables: frozenset[str]


def parse_template(source: str) -> Template:
    """The template.

    Raises:
        TemplateError: its syntax is wrong, or it has what is not in the language.
    """
    environment = Environment(keep_trailing_newline=True, autoescape=False)  # noqa: S701  no HTML: it is for models
    try:
        check_words(environment.lex(source))
        body = environment.parse(source).body
        check = _Check()
        check.body(body, frozenset(), 0)
    except TemplateSyntaxError as error:
        raise TemplateError(str(error.message), error.lineno) from None
    except RecursionError:
        raise TemplateError("it is nested too deeply", 1) from None
    return Template(tuple(body), frozenset(check.variables))


class _Check:
    """Looks through a template and notes the variables that it names."""

    def __init__(self) -> None:
        self.variables: set[str] = set()

    def body(self, body: Iterable[nodes.Node], scope: frozenset[str], depth: int) -> None:
        for node in body:
            self._statement(node, scope, depth + 1)

    def _statement(self, node: nodes.Node, scope: frozenset[str], depth: int) -> None:
        _check_depth(node, depth)
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                if not isinstance(child, nodes.TemplateData):
                    self._value(child, scope, depth)
        elif isinstance(node, nodes.If):
            self._condition(node.test, scope, depth)
            self.body(node.body, scope, depth)
            self.body(node.elif_, scope, depth)
            self.body(node.else_, scope, depth)
        elif isinstance(node, nodes.For):
            self._loop(node, scope, depth)
        else:
            raise _unknown(node)

    def _loop(self, node: nodes.For, scope: frozenset[str], depth: int) -> None:
        if node.test is not None or node.recursive:
            raise TemplateError("a loop has neither `if` nor `recursive`", node.lineno)
        if not isinstance(node.target, nodes.Name) or node.target.name == "loop":
            raise TemplateError("a loop has one name, such as `{% for item in items %}`", node.lineno)
        self._value(node.iter, scope, depth)
        self.body(node.body, scope | {node.target.name, "loop"}, depth)
        otherwise = _Check()
        otherwise.body(node.else_, scope - {node.target.name}, depth)
        if node.target.name in otherwise.variables:
            raise TemplateError("the `else` of a loop does not name what the loop does", node.lineno)
        self.variables |= otherwise.variables

    def _condition(self, node: nodes.Node, scope: frozenset[str], depth: int) -> None:
        _check_depth(node, depth)
        if isinstance(node, nodes.And | nodes.Or):
            self._condition(node.left, scope, depth + 1)
            self._condition(node.right, scope, depth + 1)
        elif isinstance(node, nodes.Not):
            if isinstance(node.node, nodes.Compare):  # which Nunjucks takes for `(not a) == b`
                raise TemplateError("write the opposite comparison in place of `not`", node.lineno)
            self._condition(node.node, scope, depth + 1)
        elif isinstance(node, nodes.Compare):
            if len(node.ops) != 1 or node.ops[0].op not in COMPARISONS:
                raise TemplateError("compare two values by `==`, `!=`, `<`, `<=`, `>` or `>=`", node.lineno)
            self._value(node.expr, scope, depth + 1)
            self._value(node.ops[0].expr, scope, depth + 1)
        elif isinstance(node, nodes.Test):
            if node.name != "defined" or node.args or not is_path(node.node):
                raise TemplateError("of tests there is `name is defined` only", node.lineno)
            self._path(node.node, scope, depth + 1)
        else:
            self._value(node, scope, depth + 1)

    def _value(self, node: nodes.Node, scope: frozenset[str], depth: int) -> None:
        _check_depth(node, depth)
        if isinstance(node, nodes.Filter):
            self._filter(node, scope, depth + 1)
        elif isinstance(node, nodes.And | nodes.Or | nodes.Not | nodes.Compare | nodes.Test):
            raise TemplateError("conditions stand in `{% if %}` only", node.lineno)
        elif not isinstance(node, nodes.Const) or not isinstance(node.value, str | int | float | None):
            self._path(node, scope, depth + 1)

    def _filter(self, node: nodes.Filter, scope: frozenset[str], depth: int) -> None:
        if node.name not in FILTERS:
            raise TemplateError(f"there is no filter {node.name!r}; there are {', '.join(FILTERS)}", node.lineno)
        least, most = FILTERS[node.name]
        is_plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if node.node is None or not is_plain or not least <= len(node.args) <= most:
            raise TemplateError(f"the filter {node.name!r} has other arguments", node.lineno)
        if node.name == "default" and not is_path(node.node):
            raise TemplateError("`default` stands right behind a name", node.lineno)
        for value in (node.node, *node.args):
            self._value(value, scope, depth)

    def _path(self, node: nodes.Node, scope: frozenset[str], depth: int) -> None:
        """A name, and what leads from it to a member."""
        _check_depth(node, depth)
        if isinstance(node, nodes.Name):
            self._name(node, scope)
            return
        if isinstance(node, nodes.Getattr):
            step: str | int = node.attr
            if step in CONSTANTS:
                raise TemplateError(f"write `['{step}']` in place of `.{step}`", node.lineno)
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and _is_step(node.arg.value):
            step = node.arg.value
        else:
            raise _unknown(node)
        if step in MEMBERS_OF_ALL:
            raise TemplateError(f"`{step}` is something else in JavaScript: take another name", node.lineno)
        if isinstance(node.node, nodes.Name) and node.node.name == "loop" and "loop" in scope:
            if step not in LOOP:
                raise _not_of_loop(node)
            return
        if step == "length" and isinstance(node, nodes.Getattr):
            raise TemplateError("write `| length`", node.lineno)
        self._path(node.node, scope, depth + 1)

    def _name(self, node: nodes.Name, scope: frozenset[str]) -> None:
        if node.name in OTHERS_NAMES:
            raise TemplateError(f"`{node.name}` is something else in Nunjucks: take another name", node.lineno)
        if node.name not in scope:
            self.variables.add(node.name)
        elif node.name == "loop":
            raise _not_of_loop(node)


def is_path(node: nodes.Node | None) -> bool:
    return isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem)


def _is_step(value: object) -> bool:
    return isinstance(value, str) or (type(value) is int and value >= 0)


def _check_depth(node: nodes.Node, depth: int) -> None:
    if depth > DEEPEST:
        raise TemplateError("it is nested too deeply", node.lineno)


def _not_of_loop(node: nodes.Node) -> TemplateError:
    return TemplateError(f"of `loop` there are {', '.join(LOOP)}", node.lineno)


def _unknown(node: nodes.Node) -> TemplateError:
    name = type(node).__name__.lower()
    return TemplateError(f"{name!r} is not in the language of prompts: it has {WORDS}", node.lineno)
