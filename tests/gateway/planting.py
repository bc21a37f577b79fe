"""Values that nothing else mentions, and where to look for them: every file, table, receiver, route and command."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.http_double import HttpDouble
from inferspect.testing.notifications import MailSink
from tests.gateway.guarding import new_mark

SIGN = "pltd"
VALUE = re.compile(rf"{SIGN}[a-z]{{28}}|{SIGN}[0-9a-f]{{32}}|4556\d{{12}}|1646\d{{7}}")  # one of this module's, perhaps
# Tables and figures are asked for themselves; the credentials are the gateway's own.
NOT_SEARCHED = {"postgres", "run", "credentials.json"}


def made_up_card() -> str:
    """A card number of nobody, whose check digit is right (Luhn's formula)."""
    digits = [4, 5, 5, 6, *random.choices(range(10), k=11)]
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))


@dataclass(frozen=True)
class Planted:
    """Personal data and a secret that were put into one place of a request.

    Attributes:
        found_by: what is searched for of each; of an address only what stands before the ``@``, which URLs escape.
    """

    mail: str
    card: str
    token: str
    phone: str

    @property
    def text(self) -> str:
        return f"My mail is {self.mail}, my card {self.card}, my key {self.token}, my phone {self.phone}."

    @property
    def found_by(self) -> dict[str, str]:
        return {
            "mail": self.mail.partition("@")[0], "card": self.card, "token": self.token[4:], "phone": self.phone[1:],
        }  # fmt: skip


class Planter:
    """Makes values, and knows again to which place a value belongs."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}
        self._phones = itertools.count(random.randrange(2_000_000, 9_000_000))

    def plant(self, place: str, *kinds: str) -> Planted:
        """New values for a place.

        Args:
            kinds: those that must not be found again; all where none is named.
        """
        token = f"{'gh'}p_{SIGN}{uuid.uuid4().hex}"
        mail = f"{SIGN}{new_mark()[:28]}@example.com"
        planted = Planted(mail, made_up_card(), token, f"+1646{next(self._phones)}")
        values = planted.found_by
        self._places |= {values[kind]: f"{kind} in {place}" for kind in kinds or values}
        return planted

    def harmless(self) -> str:
        """A word that guardrails leave as it is, by which a search shows that it finds what there is."""
        word = f"{SIGN}{new_mark()[:28]}"
        self._places[word] = word
        return word

    def found_in(self, text: str) -> set[str]:
        """Which values are in a text, by kind and place."""
        return {self._places[found] for found in VALUE.findall(text) if found in self._places}


def files(gateway: GatewayProcess) -> Iterator[tuple[str, str]]:
    """All files of the data folder: spools with what SQLite has not yet written over, logs, Redis and so on."""
    for path, content in written(gateway, *NOT_SEARCHED):
        yield f"file {path.relative_to(gateway.home.parent)}", content.decode("utf-8", "replace")
    yield f"file {gateway.output.name}", gateway.said()


def written(gateway: GatewayProcess, *without: str) -> Iterator[tuple[Path, bytes]]:
    """The files of the data folder and what is in them, without those of some folders; one that has gone is none."""
    for top, folders, names in os.walk(gateway.home):
        folders[:] = sorted(set(folders) - set(without))
        for path in (Path(top, name) for name in sorted(set(names) - set(without))):
            with suppress(FileNotFoundError):  # a log was rotated, a spool emptied, or Redis has written its file anew
                if path.is_file():
                    yield path, path.read_bytes()


def tables(gateway: GatewayProcess, schema: str) -> Iterator[tuple[str, str]]:
    """All columns of all tables, with all that is in them; a partition is a table."""
    names = gateway.query("SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = %s", schema)
    for name in (row["name"] for row in names):
        rows = gateway.query(f"SELECT row_to_json(t) AS row FROM {schema}.{name} AS t")  # noqa: S608  of the catalogue
        for column in rows[0]["row"] if rows else ():
            told = (json.dumps(row["row"][column], ensure_ascii=False) for row in rows)
            yield f"table {schema}.{name}.{column}", "\n".join(told)


def bodies(name: str, double: HttpDouble) -> Iterator[tuple[str, str]]:
    """Whatever a receiver got, as it came and decompressed; its protobuf has texts as they are."""
    for request in double.received:
        body = request.body
        with suppress(OSError, zlib.error):
            body += gzip.decompress(request.body)
        yield name, f"{request.path} {request.headers} {body.decode('utf-8', 'replace')}"


def mails(sink: MailSink) -> Iterator[tuple[str, str]]:
    """Each mail that a mailbox got: envelope, headers, and its parts decoded from what mail wraps lines by."""
    for mail in sink.received:
        parts = [str(part.get_content()) for part in mail.message.walk() if not part.is_multipart()]
        headers = [f"{name}: {value}" for name, value in mail.message.items()]
        yield "mail", "\n".join([mail.sender, *mail.recipients, *headers, *parts])


def answers(gateway: GatewayProcess, *paths: str) -> Iterator[tuple[str, str]]:
    """What routes tell an administrator."""
    with gateway.client() as admin:
        for path in paths:
            yield path, admin.get(path, follow_redirects=True).raise_for_status().text


def said(gateway: GatewayProcess, *arguments: str) -> tuple[str, str]:
    """What a command prints."""
    config = gateway.home.parent / "litellm_config.yaml"
    environment = {**os.environ, "INFERSPECT_HOME": str(gateway.home), "INFERSPECT_CONFIG": str(config)}
    environment.pop("DATABASE_URL", None)
    printed = subprocess.run(
        [sys.executable, "-m", "inferspect", *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return f"inferspect {' '.join(arguments[:2])}", printed.stdout + printed.stderr


def wait_until_delivered(gateway: GatewayProcess) -> None:
    """All events have left the spools, and all consumers have got theirs or have given them up."""

    def waits() -> Any:
        with gateway.client() as admin:
            told = admin.get("/inferspect/metrics").raise_for_status().text
        depth = [line for line in told.splitlines() if line.startswith("inferspect_spool_events")]
        assert depth, told
        return any(float(line.rpartition(" ")[2]) for line in depth) or gateway.query(
            "SELECT 1 FROM inferspect.deliveries WHERE dead_at IS NULL LIMIT 1"
        )

    while waits():
        time.sleep(0.2)
