"""What a management request is about: rows of LiteLLM's tables, before and after."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.audit.entry import storable
from inferspect.store.tables import SCHEMA

MOST_TARGETS = 200  # rows of a table that are compared
MOST_MEMBERS = 5_000  # of a list that are looked into
LONGEST_ID = 300


@dataclass(frozen=True, slots=True)
class Table:
    """One of LiteLLM's tables.

    Attributes:
        kind: what a row of it is called in the audit log.
        column: by which requests name a row.
        names: of fields that hold it, in requests and answers.
        other: a further column by which requests name rows, and its fields.
        whole: all rows are looked at, because requests name none.
        schema: of a table of ours, whose rows have an ``owner``: a tenant, or nothing; ``None`` for LiteLLM's.
    """

    kind: str
    name: str
    column: str
    names: tuple[str, ...] = ()
    other: tuple[str, tuple[str, ...]] | None = None
    whole: bool = False
    schema: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """By which requests name a row."""
        return (self.column,) if self.other is None else (self.column, self.other[0])


KEY = Table("key", "LiteLLM_VerificationToken", "token", ("key", "keys", "token", "token_id", "key_id", "key_hash"),
            ("key_alias", ("key_aliases",)))  # fmt: skip
TEAM = Table("team", "LiteLLM_TeamTable", "team_id", ("team_id", "team_ids"))
USER = Table("user", "LiteLLM_UserTable", "user_id", ("user_id", "user_ids"), ("user_email", ("user_email",)))
CUSTOMER = Table("customer", "LiteLLM_EndUserTable", "user_id", ("user_id", "user_ids"))
ORGANIZATION = Table("organization", "LiteLLM_OrganizationTable", "organization_id",
                     ("organization_id", "organization_ids"))  # fmt: skip
BUDGET = Table("budget", "LiteLLM_BudgetTable", "budget_id", ("budget_id", "id"))
MODEL = Table("model", "LiteLLM_ProxyModelTable", "model_id", ("model_id", "id"))
CREDENTIAL = Table("credential", "LiteLLM_CredentialsTable", "credential_name", ("credential_name",))
GUARDRAIL = Table("guardrail", "LiteLLM_GuardrailsTable", "guardrail_id", ("guardrail_id",),
                  ("guardrail_name", ("guardrail_name",)))  # fmt: skip
CONFIG = Table("configuration", "LiteLLM_Config", "param_name", whole=True)

ALERT_RULE = Table("alert rule", "alert_rules", "name", ("name",), schema=SCHEMA)
ALERT_SILENCE = Table("alert silence", "alert_silences", "id", ("id",), schema=SCHEMA)

OURS = "/api/v1/"
# By the beginning of the path; the first that fits.
TABLES: tuple[tuple[str, tuple[Table, ...]], ...] = (
    (f"{OURS}alert-rules", (ALERT_RULE,)),
    (f"{OURS}alert-silences", (ALERT_SILENCE,)),
    ("/key/", (KEY,)),
    ("/team/", (TEAM, KEY)),
    ("/teams/", (TEAM,)),
    ("/user/", (USER,)),
    ("/users/", (USER,)),
    ("/scim/v2/Users", (USER,)),
    ("/scim/v2/Groups", (TEAM,)),
    ("/customer/", (CUSTOMER,)),
    ("/end_user/", (CUSTOMER,)),
    ("/organization/", (ORGANIZATION,)),
    ("/v2/organization/", (ORGANIZATION,)),
    ("/budget/", (BUDGET,)),
    ("/model/", (MODEL,)),
    ("/credentials", (CREDENTIAL,)),
    ("/guardrails", (GUARDRAIL,)),
    ("/project/", (Table("project", "LiteLLM_ProjectTable", "project_id", ("project_id", "project_ids")),)),
    ("/tag/", (Table("tag", "LiteLLM_TagTable", "tag_name", ("name", "tag_name")),)),
    ("/access_group/", (Table("access group", "LiteLLM_AccessGroupTable", "access_group_id", ("access_group_id",)),)),
    ("/v1/access_group", (Table("access group", "LiteLLM_AccessGroupTable", "access_group_id", ("access_group_id",)),)),
    ("/v1/mcp/server", (Table("MCP server", "LiteLLM_MCPServerTable", "server_id", ("server_id",)),)),
    ("/v1/agents", (Table("agent", "LiteLLM_AgentsTable", "agent_id", ("agent_id",)),)),
    ("/policies", (Table("policy", "LiteLLM_PolicyTable", "policy_id", ("policy_id",)),)),
    ("/prompts", (Table("prompt", "LiteLLM_PromptTable", "prompt_id", ("prompt_id",)),)),
    ("/search_tools", (Table("search tool", "LiteLLM_SearchToolsTable", "search_tool_id", ("search_tool_id",)),)),
    ("/vector_store/", (Table("vector store", "LiteLLM_ManagedVectorStoresTable", "vector_store_id",
                              ("vector_store_id",)),)),
    ("/update/sso_settings", (Table("SSO settings", "LiteLLM_SSOConfig", "id", whole=True),)),
    ("/update/", (CONFIG, Table("UI settings", "LiteLLM_UISettings", "id", whole=True))),
    ("/cache/settings", (Table("cache settings", "LiteLLM_CacheConfig", "id", whole=True),)),
    *((path, (CONFIG,)) for path in ("/config/", "/fallback", "/add/", "/delete/allowed_ip", "/model_group/",
                                     "/model_hub/", "/config_overrides/")),
)  # fmt: skip

PATH_PARTS = re.compile(r"[^/]+")


@dataclass(frozen=True, slots=True)
class Target:
    """One row, as it is kept in the audit log once secrets are out of it.

    Attributes:
        is_whole: not of a row beyond so many, of which only the tenant is known.
    """

    kind: str
    id: str
    row: Mapping[str, Any]
    is_whole: bool = True

    @property
    def tenant_id(self) -> str | None:
        """The tenant that the row belongs to."""
        info = self.row.get("model_info")
        found = self.row.get("team_id") or (info.get("team_id") if isinstance(info, Mapping) else None)
        found = found or self.row.get("owner") or None
        return found if isinstance(found, str) else None


def tables_for(path: str) -> tuple[Table, ...]:
    """The tables that requests to a path change."""
    return next((tables for beginning, tables in TABLES if path.startswith(beginning)), ())


def named(tables: Iterable[Table], path: str, *contents: Any) -> dict[str, set[str]]:
    """Whatever may be the id of a row, by kind of the table and column: what is none is simply not found."""
    parts = {part for part in map(unquote, PATH_PARTS.findall(path)) if _may_be_id(part)}
    found: dict[str, set[str]] = {}
    for table in tables:
        ids = parts | _values(table.names, contents)
        found[f"{table.kind}.{table.column}"] = {_as_stored(one) for one in ids} if table is KEY else ids
        if table.other is not None:
            found[f"{table.kind}.{table.other[0]}"] = _values(table.other[1], contents)
    return found


def tenants_named(path: str, *contents: Any) -> set[str]:
    """Ids of teams that a request names; our own routes call them tenants."""
    return _values(("team_id", "team_ids", *(("tenant_id",) if path.startswith(OURS) else ())), contents)


async def rows(
    connection: AsyncConnection,
    schema: str,
    tables: Iterable[Table],
    ids: Mapping[str, set[str]],
    *,
    owner: str,
    before: Mapping[tuple[str, str], Target] = MappingProxyType({}),
) -> dict[tuple[str, str], Target]:
    """The rows of these ids, by kind and id; so many of each table are whole, those that were so before, then by id.

    Args:
        schema: of LiteLLM's tables.
        owner: whose rows of our tables they are: several tenants may have some of one name.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be asked, or LiteLLM has no such table.
    """
    found = {}
    for table in tables:
        # All that are named: were there a limit, made-up ones would hide the real one.
        values: dict[str, Any] = {
            f"ids_{number}": sorted(ids.get(f"{table.kind}.{column}", ()))
            for number, column in enumerate(table.columns)
        }
        if not any(values.values()) and not table.whole:
            continue
        values |= {
            "first": [one for (kind, one), target in before.items() if kind == table.kind and target.is_whole],
            "owner": owner,
        }
        for one, is_whole, row in await connection.execute(text(_statement(table, schema)), values):
            # A parameter of the configuration stands under its own name, by which secrets are told.
            shown = {one: row["param_value"]} if table is CONFIG and is_whole else row
            found[table.kind, one] = Target(table.kind, one, shown, is_whole)
    return found


def _statement(table: Table, schema: str) -> str:
    wanted = " OR ".join(
        f'CAST("{column}" AS text) = ANY(:ids_{number})' for number, column in enumerate(table.columns)
    )
    condition = "true" if table.whole else f"({wanted})"
    if table.schema is not None:
        condition += " AND owner = :owner"
    return (
        f"SELECT id, number <= {MOST_TARGETS}, CASE WHEN number <= {MOST_TARGETS} THEN row ELSE"  # noqa: S608  names are ours
        " jsonb_build_object('team_id', row->'team_id', 'owner', row->'owner') END"
        " FROM (SELECT id, row, row_number() OVER (ORDER BY id = ANY(:first) DESC, id) AS number"
        f' FROM (SELECT CAST("{table.column}" AS text) AS id, to_jsonb(t) AS row'
        f' FROM "{table.schema or schema}"."{table.name}" AS t WHERE {condition}) AS wanted) AS numbered'
    )


async def existing_teams(connection: AsyncConnection, schema: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are teams: an invented one begins no chain."""
    wanted = sorted(set(ids))
    if not wanted:
        return set()
    statement = f'SELECT team_id FROM "{schema}"."LiteLLM_TeamTable" WHERE team_id = ANY(:ids)'  # noqa: S608  as above
    return set((await connection.execute(text(statement), {"ids": wanted})).scalars())


def _values(names: tuple[str, ...], contents: Iterable[Any]) -> set[str]:
    """Texts at these names, at the top of a request or answer, or one level below, as in lists of bulk requests."""
    found: set[str] = set()
    for content in contents:
        for level in _levels(content):
            for name in names:
                value = level.get(name)
                members = value if isinstance(value, list) else [value]
                found.update(one for one in members if isinstance(one, str) and _may_be_id(one))
    return found


def _may_be_id(text: str) -> bool:
    """Whether the database may have it; asked for what it cannot hold it would fail, and the request with it."""
    return 0 < len(text) <= LONGEST_ID and storable(text) == text


def _levels(content: Any) -> Iterable[Mapping[str, Any]]:
    if isinstance(content, Mapping):
        yield content
        for member in content.values():
            members = member if isinstance(member, list) else [member]
            yield from (one for one in members[:MOST_MEMBERS] if isinstance(one, Mapping))


def _as_stored(key: str) -> str:
    """LiteLLM keeps the hash of a key, and takes either in requests."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest() if key.startswith("sk-") else key
