from __future__ import annotations

import certifi
import pytest

from inferspect.store.address import AddressError, driver_url


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgresql://u:p@h:5432/d", "postgresql+psycopg://u:p@h:5432/d"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p%40%2Fss@[::1]:5432/d", "postgresql+psycopg://u:p%40%2Fss@[::1]:5432/d"),
        (
            "postgresql://u:p@h/d?connection_limit=5&pool_timeout=9&schema=public&pgbouncer=true&sslmode=require",
            "postgresql+psycopg://u:p@h/d?sslmode=require",
        ),
        ("postgresql://u:p@/d?host=/var/run/postgresql", "postgresql+psycopg://u:p@/d?host=%2Fvar%2Frun%2Fpostgresql"),
    ],
)
def test_the_url_of_prisma_serves_the_driver(given: str, driver: str) -> None:
    """Prisma's own parameters are left out, the driver's stay, whatever the password contains."""
    assert driver_url(given).render_as_string(hide_password=False) == driver


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sslmode=require&sslcert=ca.pem", "sslmode=require&sslrootcert=ca.pem"),
        ("sslmode=require&sslaccept=strict&sslcert=ca.pem", "sslmode=verify-full&sslrootcert=ca.pem"),
        ("sslaccept=strict", f"sslmode=verify-full&sslrootcert={certifi.where()}"),
        ("sslrootcert=system", f"sslmode=verify-full&sslrootcert={certifi.where()}"),
        ("sslmode=verify-ca&sslrootcert=system", f"sslmode=verify-ca&sslrootcert={certifi.where()}"),
        ("sslmode=require&sslaccept=accept_invalid_certs", "sslmode=require"),
        ("sslmode=disable&sslaccept=strict", "sslmode=disable"),
        ("sslmode=verify-ca&sslcert=c.pem&sslkey=c.key&sslpassword=x&sslrootcert=ca.pem", None),
        ("sslmode=verify-full&sslrootcert=ca.pem", None),
    ],
)
def test_tls_is_told_in_libpq_s_way(given: str, driver: str | None) -> None:
    """As the engine of LiteLLM's database understands it, in either dialect; libpq's own is left as it is."""
    found = driver_url(f"postgresql://u:p@h/d?{given}").query
    assert dict(found) == dict(each.split("=") for each in (driver or given).split("&"))


@pytest.mark.parametrize(
    "given", ["", "nonsense", "mysql://u:secret@h/d", "://u:secret@h/d", "postgresql://u:secret@h:port/d"]
)
def test_what_is_no_postgresql_url_is_refused_without_its_password(given: str) -> None:
    """The error says what is expected and never quotes the URL."""
    with pytest.raises(AddressError, match="DATABASE_URL") as caught:
        driver_url(given)
    assert "secret" not in str(caught.value)
