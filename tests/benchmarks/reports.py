"""Reports by the number of responses: time and memory; `python -m tests.benchmarks reports`.

Responses are planted in an embedded PostgreSQL, as many in the week before as in the window. Memory is the greatest of
the process that reads and of the one that runs Deepchecks, each measured by the kernel.
"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from inferspect.launcher.home import Home
from inferspect.launcher.lifeline import Preparation
from inferspect.launcher.postgres import EmbeddedPostgres
from inferspect.store.migrate import migrate
from tests.benchmarks.tables import table

ROWS = (1_000, 10_000, 100_000)
MB = 1024  # kilobytes
# Numbers of many shapes, made in the database itself.
PLANT = """
WITH new AS (SELECT gen_random_uuid() AS id, %(start)s::timestamptz + %(length)s * (n + 0.5) / %(count)s AS at, n
    FROM generate_series(0, %(count)s - 1) n),
scored AS (INSERT INTO inferspect.scores SELECT id, at, 1, 'acme', 'demo', NULL, jsonb_build_object(
    'Relevance', random(), 'Grounded in Context', random(), 'Avoided Answer', floor(random() * 1.1),
    'Profanity', random() ^ 6, 'Sentiment', random() * 2 - 1, 'Reading Ease', random() * 100,
    'Text Length', floor(exp(random() * 6)), 'PII found', 0, 'Token Efficiency', random(),
    'Response Time', exp(random() * 3), 'Language', 0.9),
    '{"Language": "en"}', '{"JSON validity": "not_asked"}', '{}' FROM new),
recorded AS (INSERT INTO inferspect.events (id, occurred_at, revision, complete, tenant_id, client_address, method,
    route, stream, result, status, verdicts, usage, cost_details, parameters, attempts, tags, version, prompt_tokens,
    completion_tokens, cost, content_hash)
    SELECT id, at, 1, true, 'acme', '192.0.2.1', 'POST', '/v1/chat/completions', false, 'success', 200, '[]', '{}',
    '{}', '{}', '[]', '{}', 1, floor(exp(random() * 8)), floor(exp(random() * 6)), random() / 100,
    md5((n %% 90000)::text) FROM new)
INSERT INTO inferspect.event_contents SELECT id, at, 1, 'acme',
    '[{"role": "user", "content": "' || repeat('Where is parcel ' || md5(n::text) || ' of our order? ', 20) || '"}]',
    '[{"message": {"role": "assistant", "content": "' || repeat('It left on day ' || n || '. ', 50) || '"}}]'
FROM new
"""


def report() -> str:
    """Measure and describe in Markdown."""
    lines = []
    with _postgres() as url:
        for count in ROWS:
            seconds, ours, theirs = _measured(url, count)
            lines.append(f"| {count:,} | {seconds:.1f} | {ours:,.0f} | {theirs:,.0f} | **{ours + theirs:,.0f}** |")
    return table(
        "responses, and as many to compare with | seconds | MB, reading | MB, Deepchecks | MB, together", lines
    )


def _measured(url: str, count: int) -> tuple[float, float, float]:
    """Seconds, and the peaks of both processes, of `inferspect eval report` in a database of its own."""
    database = f"{url.rpartition('/')[0]}/reports_{count}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE reports_{count}".encode())
    migrate(database)
    _plant(database, count)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text("inferspect: {}\n", encoding="utf-8")
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "INFERSPECT_CONFIG": str(config),
            "INFERSPECT_HOME": folder,
        }
        wanted = [
            "--tenant",
            "acme",
            "--window",
            "1d",
            "--until",
            "2026-03-10T00:00Z",
            "--baseline",
            "7d",
            "--output",
            folder,
        ]
        command = [sys.executable, "-m", "tests.benchmarks.reports", *wanted]
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
    told = [line for line in done.stderr.splitlines() if line.startswith("peaks ")]
    if not told:
        sys.exit(f"benchmarks: no report was made:\n{done.stderr}")
    ours, theirs = (int(each) / MB for each in told[0].split()[1:])
    return seconds, ours, theirs


def _plant(url: str, count: int) -> None:
    with psycopg.connect(url) as connection:
        for name in ("scores", "events", "event_contents"):
            connection.execute(f"CREATE TABLE inferspect.{name}_all PARTITION OF inferspect.{name} DEFAULT".encode())
        for start, length in (("2026-03-02", "7 days"), ("2026-03-09", "1 day")):
            values = {"start": start, "length": length, "count": count}
            connection.execute(PLANT.replace("%(length)s", "%(length)s::interval").encode(), values)
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")


@contextmanager
def _postgres() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp())
    postgres = EmbeddedPostgres(Home(folder), secrets.token_urlsafe(12))
    postgres.prepare()
    program = postgres.program()
    process = subprocess.Popen(
        program.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=Preparation(signal.SIGINT, unprivileged=True),  # noqa: PLW1509  as the launcher does
    )
    try:
        while not asyncio.run(program.is_ready()):  # type: ignore[arg-type]
            time.sleep(0.05)
        postgres.create_database()
        yield postgres.url
    finally:
        process.send_signal(program.stop_signal)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Be `inferspect eval report`, and tell both peaks on standard error."""
    from evals.command import app  # noqa: PLC0415  the benchmark itself needs none of it

    try:
        app(["report", *sys.argv[1:]])
    finally:
        peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        sys.stderr.write(f"peaks {peaks[0]} {peaks[1]}\n")


if __name__ == "__main__":
    main()
