"""What is wrong with a file of a prompt, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend; ``field`` is of the front matter, ``line`` is the file's."""

    file: Path
    message: str
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        field = "" if self.field is None else f"{self.field}: "
        told = f"{self.file}{line}: {field}{self.message}"
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in told)  # it goes to terminals


class PromptFileError(ValueError):
    """A file holds no prompt; ``mistakes`` has all that was found."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)
