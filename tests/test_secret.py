"""References to secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from inferspect.secret import MissingSecretError, Secret


class Holder(BaseModel):
    key: Secret


def test_a_variable_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that was rotated is seen at its next use."""
    holder = Holder(key="os.environ/SOME_KEY")
    with pytest.raises(MissingSecretError, match="SOME_KEY is not set"):
        holder.key.reveal()
    monkeypatch.setenv("SOME_KEY", " first\n")
    assert holder.key.reveal() == "first"
    assert "first" not in repr(holder)
    assert holder.model_dump(mode="json") == {"key": "os.environ/SOME_KEY"}


def test_a_file_is_read_when_it_is_needed(tmp_path: Path) -> None:
    """A file that is missing is named; one that is there gives its content."""
    path = tmp_path / "key"
    holder = Holder(key=f"file:{path}")
    with pytest.raises(MissingSecretError, match="cannot be read"):
        holder.key.reveal()
    path.write_text("from a file\n", encoding="utf-8")
    assert holder.key.reveal() == "from a file"


@pytest.mark.parametrize(
    "text", ["sk-in-the-open", "os.environ/", "os.environ/a b", "file:", "", 12345678, ["sk-in-a-list"], None, True]
)
def test_a_secret_itself_is_refused(text: Any) -> None:
    """By the one message by which nobody quotes it; a password may be of digits alone."""
    with pytest.raises(ValidationError, match="must be a reference") as caught:
        Holder(key=text)
    assert "must be a reference" in caught.value.errors()[0]["msg"]
