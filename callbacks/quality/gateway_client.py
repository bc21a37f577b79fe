"""Asks models of the gateway over HTTP, with a key of its own, within a budget for each day."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, Literal

import httpx
from sqlalchemy import text

from callbacks.quality.metrics import MODEL_CALLS, MODEL_DOLLARS

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.observation.quality import QualityModelSettings

Kind = Literal["judge", "embeddings"]
COST_HEADER = "x-litellm-response-cost"
KEY_PREFIX = "sk-"
TOO_MANY = 429
SERVER_ERROR = 500
LARGEST_ANSWER = 1024**2

RESERVE = text("""
INSERT INTO inferspect.judge_spending AS spent (day, dollars, calls)
SELECT (now() AT TIME ZONE 'utc')::date, :dollars, 1 WHERE :dollars <= :budget
ON CONFLICT (day) DO UPDATE SET dollars = spent.dollars + :dollars, calls = spent.calls + 1
WHERE spent.dollars + :dollars <= :budget RETURNING day
""")
SETTLE = text("UPDATE inferspect.judge_spending SET dollars = dollars + :more WHERE day = :day")


class OverBudgetError(Exception):
    """The day's budget is spent."""


class RefusedError(Exception):
    """The gateway or the model will not answer this, now or later."""


class AwayError(Exception):
    """No answer for now; ``after`` is the number of seconds that the gateway asked for."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


def key_hash(key: str) -> str:
    """The hash that events have of a key, as LiteLLM makes it."""
    return hashlib.sha256(key.encode()).hexdigest() if key.startswith(KEY_PREFIX) else key


class GatewayClient:
    """Calls models. What a call may cost is reserved before it, so that processes together keep to the budget."""

    def __init__(
        self, settings: QualityModelSettings, engine: AsyncEngine, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._client = httpx.AsyncClient(
            base_url=settings.url.rstrip("/"),
            headers={"authorization": f"Bearer {settings.key.reveal()}"},
            timeout=settings.timeout,
            transport=transport,
            trust_env=False,
        )

    async def chat(self, model: str, messages: list[dict[str, str]], max_tokens: int) -> str:
        """The text of a model's answer; see :meth:`_call` for what is raised."""
        body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": max_tokens}
        answer = await self._call("judge", "/v1/chat/completions", body)
        try:
            return str(answer["choices"][0]["message"]["content"])
        except (KeyError, IndexError, TypeError):
            raise RefusedError("the answer is of another form") from None

    async def embeddings(self, model: str, texts: list[str]) -> list[list[float]]:
        """A vector for each text; see :meth:`_call` for what is raised."""
        answer = await self._call("embeddings", "/v1/embeddings", {"model": model, "input": texts})
        try:
            vectors = [[float(value) for value in item["embedding"]] for item in answer["data"]]
        except (KeyError, TypeError, ValueError):
            raise RefusedError("the answer is of another form") from None
        if len(vectors) != len(texts) or not all(map(math.isfinite, (value for vector in vectors for value in vector))):
            raise RefusedError("the answer is of another form")
        return vectors

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, kind: Kind, path: str, body: dict[str, Any]) -> Any:
        """The JSON of an answer.

        Raises:
            OverBudgetError: the day's budget is spent; nothing was asked.
            RefusedError: see there.
            AwayError: see there.
        """
        assumed = self._settings.assumed_dollars
        async with self._engine.begin() as connection:
            reserved = await connection.execute(RESERVE, {"dollars": assumed, "budget": self._settings.dollars_a_day})
            day = reserved.scalar_one_or_none()
        if day is None:
            MODEL_CALLS.labels(kind, "over_budget").inc()
            raise OverBudgetError
        cost = assumed  # as long as nobody knows
        try:
            response = await self._client.post(path, json=body)
            cost = 0.0 if response.is_error else _cost(response, assumed)
        except httpx.HTTPError as error:
            MODEL_CALLS.labels(kind, "away").inc()
            raise AwayError(f"the gateway does not answer: {type(error).__name__}") from None
        finally:
            async with self._engine.begin() as connection:
                await connection.execute(SETTLE, {"more": cost - assumed, "day": day})
        MODEL_DOLLARS.labels(kind).inc(cost)
        return _answer(kind, response)


def _cost(response: httpx.Response, assumed: float) -> float:
    try:
        cost = float(response.headers.get(COST_HEADER, ""))
    except ValueError:
        return assumed
    return cost if math.isfinite(cost) and cost >= 0 else assumed


def _answer(kind: Kind, response: httpx.Response) -> Any:
    status = response.status_code
    if status == TOO_MANY or status >= SERVER_ERROR:
        MODEL_CALLS.labels(kind, "away").inc()
        raise AwayError(f"the gateway answers {status}", _after(response))
    if response.is_error or len(response.content) > LARGEST_ANSWER:
        MODEL_CALLS.labels(kind, "refused").inc()
        raise RefusedError(f"the gateway answers {status}")
    MODEL_CALLS.labels(kind, "answered").inc()
    try:
        return response.json()
    except ValueError:
        raise RefusedError("the answer is no JSON") from None


def _after(response: httpx.Response) -> float | None:
    said = response.headers.get("retry-after", "")
    return float(said) if said.isdigit() else None
