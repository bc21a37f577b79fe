from __future__ import annotations

import math

from sqlalchemy import text

from inferspect.store.engine import engine_of


async def test_any_json_that_the_database_has_can_be_read(store_url: str) -> None:
    """Metadata of teams is written by whoever administers them: a number beyond all bounds must not stop a look-up."""
    engine = engine_of(store_url)
    try:
        async with engine.connect() as connection:
            row = await connection.execute(text("""SELECT '{"a": [1.5, "é"]}'::jsonb, '1e400'::json"""))
            assert row.one() == ({"a": [1.5, "é"]}, math.inf)
    finally:
        await engine.dispose()
