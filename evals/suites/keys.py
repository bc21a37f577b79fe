"""Taking keys out of what a run leaves behind and says."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable
from pathlib import Path

REMOVED = "[key removed]"
SHORTEST_KEY = 12
SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def without_keys(text: str, keys: Iterable[str]) -> str:
    """A text without the keys of a run and those of this process's environment, however JSON or HTML spell them."""
    for spelling in _spellings(keys):
        text = text.replace(spelling, REMOVED)
    return text


def remove_keys(paths: Iterable[Path], keys: Iterable[str]) -> list[str]:
    """Names of the files that a key was in; it no longer is. Files that are not there hold none."""
    found = []
    spellings = _spellings(keys)
    for path in paths:
        if not path.is_file():
            continue
        content = path.read_bytes()
        clean = content
        for spelling in spellings:
            clean = clean.replace(spelling.encode(), REMOVED.encode())
        if clean != content:
            path.write_bytes(clean)
            found.append(path.name)
    return found


def _spellings(keys: Iterable[str]) -> list[str]:
    """The longest first, as a key may begin with another."""
    texts = {key for key in (*keys, *_keys_of_environment()) if len(key) >= SHORTEST_KEY}
    found = {spelling for text in texts for spelling in (text, json.dumps(text)[1:-1], html.escape(text))}
    return sorted(found, key=lambda one: (-len(one), one))


def _keys_of_environment() -> list[str]:
    return [value for name, value in os.environ.items() if name.upper().endswith(SECRET_NAMES)]
