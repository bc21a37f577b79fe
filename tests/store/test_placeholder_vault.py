from __future__ import annotations

import psycopg
from alembic import command
from sqlalchemy import create_engine

from inferspect.store.address import driver_url
from inferspect.store.migrate import _config, migrate


def test_the_vault_is_added_to_a_store_that_has_events(store_url: str) -> None:
    """From the revision before it and back, with all events left alone."""
    engine = create_engine(driver_url(store_url))
    with engine.begin() as connection:
        command.downgrade(_config(connection), "0001")
    engine.dispose()
    with psycopg.connect(store_url) as connection:
        connection.execute("CREATE TABLE inferspect.events_1 PARTITION OF inferspect.events DEFAULT")
        connection.execute(
            "INSERT INTO inferspect.events (id, occurred_at, revision, complete, client_address, method, route, stream,"
            " result, status, verdicts) VALUES (gen_random_uuid(), now(), 1, true, '', '', '', false, '', 200, '[]')"
        )
    assert migrate(store_url)[0] == "0002"
    with psycopg.connect(store_url) as connection:
        assert connection.execute("SELECT count(*) FROM inferspect.events").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM inferspect.placeholder_vault").fetchone() == (0,)


def test_what_ran_out_is_found_by_an_index(store_url: str) -> None:
    """Deleting it reads no more than it deletes."""
    with psycopg.connect(store_url) as connection:
        connection.execute(
            "INSERT INTO inferspect.placeholder_vault SELECT 't', int4send(n), 1, '', now() + n * interval '1 second'"
            " FROM generate_series(-5, 20000) n"
        )
        connection.execute("ANALYZE inferspect.placeholder_vault")
        plan = connection.execute(
            "EXPLAIN SELECT 1 FROM inferspect.placeholder_vault WHERE expires_at <= now() LIMIT 1000"
        ).fetchall()
    assert "placeholder_vault_by_expiry" in str(plan)
