"""What the attacks on observation share: tenants, what they ask for, and what they are told."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx

ERRORS = Path(__file__).parents[2] / "docs" / "errors.md"
CODES = set(re.findall(r"`([a-z_]+)`", ERRORS.read_text(encoding="utf-8")))
NOBODY = str(uuid.UUID(int=0))
RULE = {"name": "errors", "condition": {"type": "error_rate"}}
SILENCE = {"rule": "*", "duration": "1h", "reason": "an attack"}
DEAD_LETTERS = "/api/v1/events/dead-letters"


@dataclass(frozen=True)
class Tenant:
    """A tenant with a key of an administrator and one of a mere member."""

    id: str
    admin: str
    member: str


def told(response: httpx.Response) -> str:
    """The code of an error in the API's own shape."""
    error = response.json()["error"]
    assert error["message"], error
    assert error["code"] in CODES, error
    assert "Traceback" not in response.text
    assert "psycopg" not in response.text
    assert "sqlalchemy" not in response.text
    return str(error["code"])
