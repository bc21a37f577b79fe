"""The words of a template: refuses those that Jinja reads and Nunjucks does not, or otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable

EDGES = ("block_begin", "block_end", "variable_begin", "variable_end", "comment_begin", "comment_end")
RAW = ("raw_begin", "raw_end")
RAW_DATA = "raw data"
# Kinds of words, as Jinja calls them; what is refused in them; what to do.
REFUSED: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    ((*EDGES, *RAW), re.compile(r"\+"), "`+` beside `%` or braces is Jinja's only"),
    (RAW, re.compile("-"), "`raw` and `endraw` have no `-`"),
    ((RAW_DATA,), re.compile(r"\{%\s*raw\s*%\}"), "a `raw` stands in no other"),
    (("data",), re.compile(r"#\}"), "write `{{ '#}' }}` in place of `#}`"),
    (("name",), re.compile(r"\A(?:True|False|None|null)\Z"), "write `true`, `false` and `none`"),
    (
        ("integer", "float"),
        re.compile(r"\A(?![0-9]{1,15}(?:\.[0-9]+)?\Z)"),
        "write numbers with at most 15 digits, and a point only",
    ),
    (
        ("string",),
        re.compile(r"\A(?!(?:[^\\]|\\[nrt\\'\"])*\Z)"),
        "a `\\` stands before `n`, `r`, `t`, quotes and itself only",
    ),
    (("whitespace",), re.compile(r"[^ \n\t\u00a0]"), "a space in it is no ordinary one"),
)
BESIDE_EACH_OTHER = {
    ("string", "string"): "two texts beside each other are not one: write them as one",
    (".", "integer"): "write `[0]` in place of `.0`",
    (",", ")"): "a comma stands between two values",
}


class TemplateError(ValueError):
    """A template is none; ``line`` is within it, from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def check_words(words: Iterable[tuple[int, str, str]]) -> None:
    """Check what Jinja's lexer makes of a template: lines, kinds and texts of its words.

    Raises:
        TemplateError: at the first word that is not both languages'.
    """
    before, is_raw = "", False
    for line, found, word in words:
        kind = RAW_DATA if is_raw and found == "data" else found
        for kinds, pattern, message in REFUSED:
            if kind in kinds and pattern.search(word):
                raise TemplateError(message, line)
        is_raw = kind == "raw_begin" or (is_raw and kind != "raw_end")
        if kind != "whitespace":
            now = word if kind == "operator" else kind
            if (before, now) in BESIDE_EACH_OTHER:
                raise TemplateError(BESIDE_EACH_OTHER[before, now], line)
            before = now
