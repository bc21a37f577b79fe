"""LiteLLM's tables, with the columns that conditions read; LiteLLM makes them, with Prisma."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, column, table
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, TIMESTAMP

TEAMS = table(
    "LiteLLM_TeamTable",
    column("team_id", Text),
    column("team_alias", Text),
    column("spend", DOUBLE_PRECISION),
    column("max_budget", DOUBLE_PRECISION),
    column("rpm_limit", BigInteger),
    column("tpm_limit", BigInteger),
)
KEYS = table(
    "LiteLLM_VerificationToken",
    column("token", Text),
    column("key_alias", Text),
    column("team_id", Text),
    column("spend", DOUBLE_PRECISION),
    column("max_budget", DOUBLE_PRECISION),
    column("budget_id", Text),
    column("expires", TIMESTAMP),
)
BUDGETS = table("LiteLLM_BudgetTable", column("budget_id", Text), column("max_budget", DOUBLE_PRECISION))
