"""Connections to the database."""

from __future__ import annotations

import json
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from inferspect.store.address import driver_url


def engine_of(database_url: str, **options: Any) -> AsyncEngine:
    """An engine that connects when it is first used.

    Args:
        options: of :func:`sqlalchemy.ext.asyncio.create_async_engine`.

    Raises:
        AddressError: it is no PostgreSQL URL.
    """
    return create_async_engine(driver_url(database_url), json_deserializer=_loads, **options)


def _loads(text: str | bytes) -> Any:
    """Quick, and where that does not take what PostgreSQL does, such as a number beyond all bounds, thorough."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)
