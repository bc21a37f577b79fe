"""Database addresses: one ``DATABASE_URL`` serves LiteLLM's Prisma and our SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping

import certifi
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

SCHEMES = ("postgresql", "postgres")
LIBPQ_PARAMETERS = frozenset(
    {
        "application_name",
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "host",
        "options",
        "port",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslpassword",
        "sslrootcert",
        "target_session_attrs",
    }
)

Query = Mapping[str, str | tuple[str, ...]]
PUBLIC = "system"  # authorities that everybody trusts, as libpq names them
LAX = "accept_invalid_certs"  # Prisma's own; anything else checks the chain and the name of the host


class AddressError(ValueError):
    """A database URL that cannot be used, and why; holds no password."""


def driver_url(database_url: str) -> URL:
    """The URL for SQLAlchemy's psycopg driver.

    What Prisma says of TLS in its own way is said in libpq's; its other parameters, such as ``connection_limit``, are
    left out.

    Raises:
        AddressError: it is no PostgreSQL URL.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise AddressError("DATABASE_URL is not a URL; expected postgresql://user:password@host:5432/name") from None
    if url.get_backend_name() not in SCHEMES:
        raise AddressError(f"DATABASE_URL names {url.get_backend_name()!r}; InferSpect needs postgresql://")
    return url.set(drivername="postgresql+psycopg", query=_in_libpq_s_way(url.query))


def _in_libpq_s_way(query: Query) -> Query:
    known = {name: value for name, value in query.items() if name in LIBPQ_PARAMETERS}
    if "sslcert" in known and "sslkey" not in known:  # to Prisma it is the authority, to libpq a client's certificate
        authority = known.pop("sslcert")
        known.setdefault("sslrootcert", authority)
    if query.get("sslaccept", LAX) != LAX and known.get("sslmode") != "disable":
        known = {"sslrootcert": PUBLIC, **known, "sslmode": "verify-full"}
    if known.get("sslrootcert") == PUBLIC:  # the driver's own OpenSSL looks for them in a folder that is not there
        known = {"sslmode": "verify-full", **known, "sslrootcert": certifi.where()}
    return known
