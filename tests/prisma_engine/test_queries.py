"""Models, values, filters and raw queries through the real client."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import prisma
import pytest
from prisma import Json, errors

NOW = dt.datetime(2030, 5, 6, 7, 8, 9, 123000, tzinfo=dt.UTC)
BIG = 9007199254740993


def spend_log(request_id: str, **values: Any) -> dict[str, Any]:
    return {"request_id": request_id, "call_type": "chat", "startTime": NOW, "endTime": NOW, **values}


async def test_every_model_of_litellm_can_be_read(client: Any) -> None:
    schema = (Path(prisma.__file__).parent / "schema.prisma").read_text()
    names = [line.split()[1] for line in schema.splitlines() if line.startswith("model ")]
    assert len(names) > 90
    for name in names:
        actions = getattr(client, name.lower())
        assert await actions.find_first() is None or await actions.count() > 0
        assert len(await actions.find_many()) == await actions.count()


async def test_values_come_back_as_they_went_in(client: Any) -> None:
    document = {"x": {"y": [1, 2.5, 1.0, None, 'é😀\n"q"\\']}}
    budget = await client.litellm_budgettable.create(
        data={
            "max_budget": 1.5,
            "created_by": "a",
            "updated_by": "a",
            "tpm_limit": BIG,
            "model_max_budget": Json(document),
        }
    )
    assert budget.tpm_limit == BIG
    assert budget.model_max_budget == document
    assert budget.allowed_models == []
    key = await client.litellm_verificationtoken.create(
        data={
            "token": "a",
            "models": ["a", 'b,"{}'],
            "spend": 0.1,
            "expires": NOW,
            "litellm_budget_table": {"connect": {"budget_id": budget.budget_id}},
        },
        include={"litellm_budget_table": True},
    )
    assert (key.models, key.spend, key.expires) == (["a", 'b,"{}'], 0.1, NOW)
    assert key.litellm_budget_table.max_budget == 1.5


@pytest.mark.parametrize(
    "value", ["plain", "null", "1", "", 1, 1.5, 1.0, BIG, True, False, None, [], {}, [None, {"a": 1.0}]]
)
async def test_any_json_value_comes_back_with_its_type(client: Any, value: Any) -> None:
    await client.litellm_teamtable.create(data={"team_id": "t"})
    await client.litellm_teamtable.update(where={"team_id": "t"}, data={"metadata": Json(value)})
    stored = (await client.litellm_teamtable.find_unique(where={"team_id": "t"})).metadata
    assert (stored, type(stored)) == (value, type(value))


async def test_json_is_stored_once_encoded_also_in_nested_writes(client: Any) -> None:
    await client.litellm_teamtable.create(
        data={
            "team_id": "t",
            "metadata": Json("text"),
            "litellm_model_table": {
                "create": {"model_aliases": Json({"x": "y"}), "created_by": "c", "updated_by": "u"}
            },
        }
    )
    rows = await client.query_raw(
        "SELECT t.metadata #>> '{}' AS text, m.aliases ->> 'x' AS alias FROM \"LiteLLM_TeamTable\" t "
        'JOIN "LiteLLM_ModelTable" m ON m.id = t.model_id'
    )
    assert rows == [{"text": "text", "alias": "y"}]


async def test_filters_find_what_they_describe(client: Any) -> None:
    tokens = client.litellm_verificationtoken
    await tokens.create(data={"token": "h1", "models": ["z"], "metadata": Json({"k": "v"}), "expires": NOW})
    await tokens.create(data={"token": "h2", "spend": 3})
    for where, expected in (
        ({"OR": [{"token": {"in": ["h1", "h3"]}}, {"AND": [{"spend": {"gt": 2.5}}, {"expires": None}]}]}, ["h1", "h2"]),
        ({"metadata": {"path": ["k"], "equals": Json("v")}}, ["h1"]),
        ({"metadata": {"equals": Json({"k": "v"})}}, ["h1"]),
        ({"metadata": {"not": Json({"k": "v"})}}, ["h2"]),
        ({"models": {"has": "z"}}, ["h1"]),
        ({"token": {"contains": "H", "mode": "insensitive"}}, ["h1", "h2"]),
        ({"expires": {"gt": NOW - dt.timedelta(days=1)}}, ["h1"]),
        ({"NOT": [{"token": "h1"}]}, ["h2"]),
    ):
        assert [row.token for row in await tokens.find_many(where=where, order={"token": "asc"})] == expected, where


async def test_writes_answer_with_what_they_did(client: Any) -> None:
    tokens = client.litellm_verificationtoken
    await tokens.create(data={"token": "a", "spend": 0.1})
    assert (await tokens.update(where={"token": "a"}, data={"spend": {"increment": 0.25}})).spend == 0.35
    upsert = {"create": {"token": "b", "spend": 2}, "update": {"spend": 3}}
    assert (await tokens.upsert(where={"token": "b"}, data=upsert)).spend == 2
    assert (await tokens.upsert(where={"token": "b"}, data=upsert)).spend == 3
    assert await tokens.update_many(where={"spend": {"gt": 0}}, data={"spend": 1}) == 2
    assert (await tokens.delete(where={"token": "a"})).token == "a"
    assert await tokens.delete_many() == 1


async def test_what_is_not_there_is_none(client: Any) -> None:
    tokens = client.litellm_verificationtoken
    assert await tokens.find_unique(where={"token": "no"}) is None
    assert await tokens.update(where={"token": "no"}, data={"spend": 1}) is None
    assert await tokens.delete(where={"token": "no"}) is None


async def test_a_whole_float_stays_a_float(client: Any) -> None:
    await client.litellm_spendlogs.create_many(data=[spend_log(f"r{i}", spend=5.0, model="m") for i in range(49)])
    [group] = await client.litellm_spendlogs.group_by(
        by=["model"], sum={"spend": True, "total_tokens": True}, count=True
    )
    assert group == {"model": "m", "_sum": {"spend": 245.0, "total_tokens": 0}, "_count": {"_all": 49}}
    assert type(group["_sum"]["spend"]) is float
    [row] = await client.query_raw(
        'SELECT sum(spend) AS s, 3 AS i, \'{"a": 1.0, "b": "5.0,"}\'::jsonb AS j FROM "LiteLLM_SpendLogs"'
    )
    assert (row["s"], type(row["s"]), type(row["i"])) == (245.0, float, int)
    assert type(row["j"]["a"]) is float


async def test_many_rows_and_long_values_pass(client: Any) -> None:
    logs = client.litellm_spendlogs
    text = 'x\\"\n\t\u0001é' * 100_000
    await logs.create(data=spend_log("big", messages=Json([{"content": text}])))
    assert (await logs.find_unique(where={"request_id": "big"})).messages[0]["content"] == text
    rows = [spend_log(f"b{i}", messages=Json([{"c": "y" * 500}])) for i in range(1000)]
    assert await logs.create_many(data=rows, skip_duplicates=True) == 1000
    assert await logs.create_many(data=[*rows, spend_log("one more")], skip_duplicates=True) == 1
    assert len(await logs.find_many(take=500)) == 500
    # More values than PostgreSQL takes parameters.
    assert await logs.count(where={"request_id": {"in": [f"b{i}" for i in range(40_000)]}}) == 1000


async def test_raw_parameters_of_every_kind_arrive(client: Any) -> None:
    [row] = await client.query_raw(
        "SELECT $1::text a, $2::int b, $3::float8 c, $4::bool d, $5::jsonb e, $6::text[] f, $7::bigint g, "
        "$8::timestamptz h, $9::text i, $10::int[] j, $11::numeric k, $12::uuid::text l",
        "x", 1, 1.5, True, json.dumps({"a": 1}), ["p", "q"], BIG, NOW, None, [1, 2], 2.25,
        "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    )  # fmt: skip
    assert row == {
        "a": "x", "b": 1, "c": 1.5, "d": True, "e": {"a": 1}, "f": ["p", "q"], "g": BIG,
        "h": "2030-05-06T07:08:09.123+00:00", "i": None, "j": [1, 2], "k": 2.25,
        "l": "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    }  # fmt: skip


async def test_raw_results_of_every_type_are_read(client: Any) -> None:
    [row] = await client.query_raw(
        "SELECT 'n'::name AS name, 'c'::\"char\" AS char, ARRAY['n']::name[] AS names, "
        "ARRAY['c']::\"char\"[] AS chars, "
        "1::bigint AS big, 1.5::numeric AS number, NULL AS nothing, ARRAY[1, NULL] AS numbers, true AS truth, "
        "'2024-01-02'::date AS day, '2024-01-01 20:00:00-07'::timestamptz AS moment, "
        "ARRAY['2024-01-01 20:00:00-07'::timestamptz] AS moments, '\\x00ff'::bytea AS bytes, 12::oid AS oid, "
        "'10.0.0.1'::inet AS address, interval '1 day' AS span, pg_sleep(0) AS void, '$5.00'::money AS money, "
        "state AS state, datname AS datname FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    )
    datname = row.pop("datname")
    assert datname.startswith("test_")
    assert row == {
        "name": "n", "char": "c", "names": ["n"], "chars": ["c"], "big": 1, "number": 1.5, "nothing": None,
        "numbers": [1, None], "truth": True, "day": "2024-01-02", "moment": "2024-01-02T03:00:00+00:00",
        "moments": ["2024-01-02T03:00:00+00:00"], "bytes": "AP8=", "oid": 12, "address": "10.0.0.1",
        "span": "1 day", "void": "", "money": 5.0, "state": "active",
    }  # fmt: skip


async def test_execute_raw_counts_rows(client: Any) -> None:
    await client.litellm_spendlogs.create_many(data=[spend_log("r1"), spend_log("r2")])
    assert await client.execute_raw('UPDATE "LiteLLM_SpendLogs" SET spend = spend + $1', 1.25) == 2


async def test_the_session_is_in_utc(client: Any, postgres: Any, database: str, connect: Callable[[str], Any]) -> None:
    """A column's default is a local time, which the client takes for UTC."""
    postgres.execute("postgres", f"ALTER DATABASE \"{database}\" SET TimeZone TO 'America/New_York'")
    other = await connect(postgres.url(database))
    assert await other.query_raw("SHOW timezone") == [{"TimeZone": "UTC"}]
    await other.execute_raw("""INSERT INTO "LiteLLM_TeamTable" (team_id) VALUES ('t')""")
    created = (await other.litellm_teamtable.find_unique(where={"team_id": "t"})).created_at
    assert abs(dt.datetime.now(dt.UTC) - created) < dt.timedelta(minutes=5)


async def test_errors_have_the_class_that_the_client_promises(client: Any) -> None:
    tokens = client.litellm_verificationtoken
    await tokens.create(data={"token": "a"})
    with pytest.raises(errors.UniqueViolationError, match="token"):
        await tokens.create(data={"token": "a"})
    with pytest.raises(errors.ForeignKeyViolationError):
        await tokens.create(data={"token": "b", "budget_id": "missing"})
    with pytest.raises(errors.RecordNotFoundError):
        await tokens.find_unique_or_raise(where={"token": "no"})
    with pytest.raises(errors.FieldNotFoundError, match="bogus"):
        await tokens.find_first(where={"bogus": 1})
    with pytest.raises(errors.MissingRequiredValueError):
        await client.litellm_budgettable.create(data={"max_budget": 1})
    with pytest.raises(errors.DataError, match="invalid byte sequence"):
        await tokens.create(data={"token": "nul\0"})


@pytest.mark.parametrize(
    ("statement", "sqlstate"), [("SELECT * FROM nope", "42P01"), ("SELECT 1/0", "22012"), ("SELEKT", "42601")]
)
async def test_a_refused_raw_query_tells_its_sqlstate(client: Any, statement: str, sqlstate: str) -> None:
    with pytest.raises(errors.RawQueryError) as failure:
        await client.query_raw(statement)
    assert failure.value.meta["code"] == sqlstate


async def test_a_missing_table_has_its_own_error(client: Any) -> None:
    await client.execute_raw('DROP TABLE "LiteLLM_CronJob"')
    with pytest.raises(errors.TableNotFoundError):
        await client.litellm_cronjob.find_first()


async def test_concurrent_writes_all_count(client: Any) -> None:
    tokens = client.litellm_verificationtoken
    await tokens.create(data={"token": "a"})
    await asyncio.gather(*(tokens.update(where={"token": "a"}, data={"spend": {"increment": 1}}) for _ in range(100)))
    assert (await tokens.find_unique(where={"token": "a"})).spend == 100


async def test_metrics_have_both_formats(client: Any) -> None:
    await client.litellm_verificationtoken.count()
    values = {gauge.key: gauge.value for gauge in (await client.get_metrics()).gauges}
    assert values["prisma_pool_connections_open"] == 1
    text = await client.get_metrics(format="prometheus", global_labels={"worker": "1"})
    assert 'prisma_client_queries_total{worker="1"} 1' in text


async def test_another_schema_than_public_is_used(connect: Callable[[str], Any], postgres: Any, migrate: Any) -> None:
    url = postgres.url("elsewhere", schema="gate way")
    migrate(url, "migrate", "deploy").check_returncode()
    other = await connect(url)
    await other.litellm_teamtable.create(data={"team_id": "t"})
    assert await other.query_raw('SELECT team_id FROM "LiteLLM_TeamTable"') == [{"team_id": "t"}]
    assert postgres.execute("elsewhere", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


async def test_a_unix_socket_is_a_host(connect: Callable[[str], Any], postgres: Any, database: str) -> None:
    url = f"postgresql://postgres@localhost:{postgres.port}/{database}?host={postgres.folder}&sslmode=require"
    assert await (await connect(url)).litellm_teamtable.count() == 0
