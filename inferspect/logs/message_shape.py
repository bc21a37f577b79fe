"""What of a message is written in the source that says it, and what was put in when it was said.

``log.error(f"Model {model} failed: {error}")`` has the shape ``("Model ", " failed: ", "")``: the source's own words,
with a value between each two. Read from the source at the place that a log record names.
"""

from __future__ import annotations

import ast
import io
import linecache
import re
import tokenize
from functools import lru_cache
from string import Formatter

Shape = tuple[str, ...]

CALL = re.compile(r"\b(?:debug|info|warning|warn|error|exception|critical|fatal|log|print)\s*(?=\()")
PERCENT = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?([diouxXeEfFgGcrsa%])")
LONGEST_CALL = 80  # lines
UNKNOWN: Shape = ("", "")


@lru_cache(maxsize=4096)
def shape_at(path: str, line: int) -> Shape:
    """The shape of what the call of a logger or of ``print`` that begins at this line says.

    Returns:
        The words around the values; :data:`UNKNOWN`, a value and nothing else, where they cannot be told.
    """
    call = _call_at(path, line)
    if call is None:
        return UNKNOWN
    name = call.func.id if isinstance(call.func, ast.Name) else ""  # that of a method, too: see CALL
    said = call.args[1:] if name == "log" else call.args
    if not said:
        return UNKNOWN
    shape = _shape(said[0])
    if len(said) == 1:
        return shape
    return (*shape, "") if name == "print" else _with_percent(shape)


def values_of(shape: Shape, message: str) -> list[str] | None:
    """The values that the message has between the words of the shape; ``None`` where it is not of this shape."""
    if len(shape) == 1:
        return [] if message == shape[0] else None
    if not message.startswith(shape[0]):
        return None
    values, position = [], len(shape[0])
    for word in shape[1:-1]:
        found = message.find(word, position) if word else position
        if found < 0:
            return None
        values.append(message[position:found])
        position = found + len(word)
    end = len(message) - len(shape[-1])
    if end < position or not message.endswith(shape[-1]):
        return None
    return [*values, message[position:end]]


def _call_at(path: str, line: int) -> ast.Call | None:
    source = "".join(linecache.getlines(path)[line - 1 : line - 1 + LONGEST_CALL])
    found = CALL.search(source, 0, source.find("\n"))
    if found is None:
        return None
    arguments = _in_parentheses(source[found.end() :])
    try:
        call = ast.parse(found[0].strip() + arguments, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    return call if isinstance(call, ast.Call) else None


def _in_parentheses(source: str) -> str:
    """From the first parenthesis to the one that closes it; nothing where there is none."""
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
            if token.type == tokenize.OP and depth == 0:
                row, column = token.end
                lines = source.splitlines(keepends=True)
                return "".join(lines[: row - 1]) + lines[row - 1][:column]
    except (tokenize.TokenError, SyntaxError):
        pass  # the source ends within the call, or is none
    return ""


def _shape(node: ast.expr) -> Shape:
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.JoinedStr(values=parts):
            shape: Shape = ("",)
            for part in parts:
                shape = _joined(shape, _shape(part))
            return shape
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined(_shape(left), _shape(right))
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return _with_percent((text,))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return _with_braces(text)
    return UNKNOWN


def _joined(first: Shape, second: Shape) -> Shape:
    return (*first[:-1], first[-1] + second[0], *second[1:])


def _with_percent(shape: Shape) -> Shape:
    words: list[str] = []
    for text in shape:
        position, begun = 0, ""
        for found in PERCENT.finditer(text):
            begun += text[position : found.start()]
            position = found.end()
            if found[1] == "%":
                begun += "%"
            else:
                words.append(begun)
                begun = ""
        words.append(begun + text[position:])
    return tuple(words)


def _with_braces(text: str) -> Shape:
    shape: Shape = ("",)
    try:
        for words, name, _, _ in Formatter().parse(text):
            shape = _joined(shape, (words,) if name is None else (words, ""))
    except ValueError:
        return UNKNOWN
    return shape
