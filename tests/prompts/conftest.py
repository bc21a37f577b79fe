"""Files of prompts for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


def prompt_text(name: str = "greeting", version: int = 1, body: str = "# user\n\nHello\n", **front: str) -> str:
    """A file as it should be; ``front`` has lines of its front matter in place of the usual ones."""
    lines = {
        "name": name,
        "version": str(version),
        "model": "demo",
        "owner": "tests",
        "changelog": "The first.",
        **front,
    }
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in lines.items()) + f"---\n\n{body}"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a version into the folder ``tmp_path`` and returns its file."""

    def written(name: str = "greeting", version: int = 1, body: str = "# user\n\nHello\n", **front: str) -> Path:
        file = tmp_path / name / f"v{version}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(prompt_text(name, version, body, **front), encoding="utf-8")
        return file

    return written
