"""Secrets in settings and rules: references to where they are kept, so that no configuration and no team holds one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

ENVIRONMENT = "os.environ/"
FILE = "file:"
NO_REFERENCE = "must be a reference, `os.environ/NAME` or `file:/path`, and not the secret itself"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class MissingSecretError(ValueError):
    """What a reference names is not there; the message names the reference."""


@dataclass(frozen=True, slots=True)
class SecretReference:
    """``os.environ/NAME``, a variable of the gateway's environment, or ``file:/path``, the content of a file."""

    text: str

    def reveal(self) -> str:
        """The secret as it is now, without white space around it.

        Raises:
            MissingSecretError: the variable is not set, or the file cannot be read, or it is empty.
        """
        if self.text.startswith(ENVIRONMENT):
            value = os.environ.get(self.text.removeprefix(ENVIRONMENT), "")
        else:
            try:
                value = Path(self.text.removeprefix(FILE)).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise MissingSecretError(f"{self.text} cannot be read ({type(error).__name__})") from None
        if not value.strip():
            raise MissingSecretError(f"{self.text} is not set")
        return value.strip()

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _reference,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.to_string_ser_schema(),
        )


def _reference(value: Any) -> SecretReference:
    """One message for all that is none, a password of digits among them, by which nobody quotes it."""
    if isinstance(value, SecretReference):
        return value
    if not isinstance(value, str) or not _is_reference(value):
        raise ValueError(NO_REFERENCE)
    return SecretReference(value)


def _is_reference(text: str) -> bool:
    if text.startswith(ENVIRONMENT):
        return NAME.fullmatch(text.removeprefix(ENVIRONMENT)) is not None
    return text.startswith(FILE) and len(text) > len(FILE)


Secret = Annotated[SecretReference, "a reference to a secret"]
