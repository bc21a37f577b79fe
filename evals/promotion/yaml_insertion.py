"""Changing the text of a YAML file in one place, with all else left to the letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from evals.promotion.yaml_text import lines_of

BLOCK_SCALARS = frozenset("|>")


class NoPlaceError(ValueError):
    """The file is written in a way that has no place for it; the message says in which."""


def without_empty_list(text: str) -> str:
    """``text`` without the ``[]`` that stands for no item at all.

    Raises:
        NoPlaceError: it cannot be read.
    """
    node = _composed(text)
    if node is None or node.value:
        return text
    return text[: node.start_mark.index] + text[node.end_mark.index :]


def with_item(text: str, number: int, path: Sequence[str], item: Mapping[str, Any]) -> str:
    """``text`` with one more item in a list of one of its items.

    Args:
        number: of the item, from 0.
        path: the keys that lead from it to the list.
        item: what is added at the list's end.

    Raises:
        NoPlaceError: there is no such list in lines of its own.
    """
    root = _composed(text)
    found = root.value[number]
    for name in path:
        found = _member(found, name)
    if not isinstance(found, yaml.SequenceNode) or found.flow_style or not found.value:
        raise NoPlaceError(f"item {number + 1} has no {'.'.join(path)} that is a list in lines of its own")
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    last = _last_line(found)
    if not lines[last].endswith("\n"):
        lines[last] += end
    pad = " " * found.start_mark.column
    return "".join([*lines[: last + 1], *(f"{pad}{line}{end}" for line in lines_of([item])), *lines[last + 1 :]])


def _composed(text: str) -> Any:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise NoPlaceError("it is written in a way that not every reader of YAML takes") from None


def _member(node: Any, name: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == name), None)
    return None


def _last_line(node: yaml.Node) -> int:
    """The number of the last line, from 0, that has something of a node; its own mark may be behind comments."""
    return max(
        int(leaf.end_mark.line)
        - (leaf.style in BLOCK_SCALARS if isinstance(leaf, yaml.ScalarNode) and leaf.style else 0)
        for leaf in _leaves(node)
    )


def _leaves(node: Any) -> Iterable[Any]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from _leaves(value)
    elif isinstance(node, yaml.SequenceNode) and not node.flow_style:
        for member in node.value:
            yield from _leaves(member)
    else:
        yield node
