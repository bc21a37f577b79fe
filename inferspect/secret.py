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
        return core_schema.no_info_after_validator_function(
            _reference,
            core_schema.union_schema([core_schema.is_instance_schema(cls), core_schema.str_schema()]),
            serialization=core_schema.to_string_ser_schema(),
        )


def _reference(value: SecretReference | str) -> SecretReference:
    if isinstance(value, SecretReference):
        return value
    is_variable = value.startswith(ENVIRONMENT) and NAME.fullmatch(value.removeprefix(ENVIRONMENT))
    if not is_variable and not (value.startswith(FILE) and len(value) > len(FILE)):
        raise ValueError(NO_REFERENCE)
    return SecretReference(value)


Secret = Annotated[SecretReference, "a reference to a secret"]
