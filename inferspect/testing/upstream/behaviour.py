"""The commands that tell the simulator how to behave, written where a model's name stands: `echo+latency-50ms`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

AnswerKind = Literal["demo", "echo", "tokens", "tool-call"]


class UnknownCommandError(ValueError):
    """A command that the grammar does not know, or that contradicts another one beside it."""


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of the delay before the first byte of an answer, in seconds.

    `constant` uses only `first`. `uniform` lies between `first` and `second`. `lognormal` has the mean `first` and the
    standard deviation `second` of the delay itself, not of its logarithm.
    """

    distribution: Literal["constant", "uniform", "lognormal"]
    first: float
    second: float = 0.0

    def draw(self, source: random.Random) -> float:
        """One delay in seconds.

        The parameters of the log-normal distribution follow from its moments: variance = ln(1 + deviation²/mean²) and
        location = ln(mean) - variance/2 (Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions, ch. 14).
        """
        if self.distribution == "constant":
            return self.first
        if self.distribution == "uniform":
            return source.uniform(self.first, self.second)
        if self.first == 0.0:
            return 0.0
        variance = math.log1p((self.second / self.first) ** 2)
        return source.lognormvariate(math.log(self.first) - variance / 2, math.sqrt(variance))


@dataclass(frozen=True, slots=True)
class CommandedError:
    """An HTTP error; `retry_after` in seconds; with `every` = N only each Nth request fails, the others succeed."""

    status: int
    retry_after: int | None = None
    every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one request gets. Counts of chunks are counts of server-sent events."""

    answer: AnswerKind = "demo"
    answer_tokens: int = 0
    latency: Latency | None = None
    tokens_per_second: float | None = None
    error: CommandedError | None = None
    hang: bool = False
    hang_stream_after: int | None = None
    cut_stream_after: int | None = None
    fail_mid_stream: bool = False


_NUMBER = r"(\d{1,9}(?:\.\d{1,6})?)"
_DURATION = rf"{_NUMBER}(ms|s)"


def _seconds(number: str, unit: str) -> float:
    return float(number) / 1000 if unit == "ms" else float(number)


def _uniform(low: str, low_unit: str, high: str, high_unit: str) -> dict[str, Any]:
    first, second = _seconds(low, low_unit), _seconds(high, high_unit)
    if first > second:
        raise UnknownCommandError("a uniform latency names its shorter bound first")
    return {"latency": Latency("uniform", first, second)}


def _speed(number: str) -> dict[str, Any]:
    if float(number) == 0.0:
        raise UnknownCommandError("a speed is above 0 tokens per second; use `hang` for an answer that never comes")
    return {"tokens_per_second": float(number)}


def _error(status: str, retry_after: str | None, every: str | None) -> dict[str, Any]:
    if every is not None and int(every) == 0:
        raise UnknownCommandError("`every` counts from 1")
    return {"error": CommandedError(int(status), int(retry_after) if retry_after else None, int(every or 1))}


_COMMANDS: tuple[tuple[re.Pattern[str], Callable[..., dict[str, Any]]], ...] = tuple(
    (re.compile(pattern, re.ASCII), meaning)
    for pattern, meaning in (
        (r"demo", lambda: {"answer": "demo"}),
        (r"echo", lambda: {"answer": "echo"}),
        (r"tool-call", lambda: {"answer": "tool-call"}),
        (r"tokens-(\d{1,6})", lambda count: {"answer": "tokens", "answer_tokens": int(count)}),
        (rf"latency-{_DURATION}", lambda *duration: {"latency": Latency("constant", _seconds(*duration))}),
        (rf"latency-uniform-{_DURATION}-{_DURATION}", _uniform),
        (
            rf"latency-lognormal-{_DURATION}-{_DURATION}",
            lambda mean, mean_unit, deviation, deviation_unit: {
                "latency": Latency("lognormal", _seconds(mean, mean_unit), _seconds(deviation, deviation_unit))
            },
        ),
        (rf"speed-{_NUMBER}tps", _speed),
        (r"error-([45]\d\d)(?:-retry-after-(\d{1,9}))?(?:-every-(\d{1,9}))?", _error),
        (r"hang", lambda: {"hang": True}),
        (r"hang-stream-after-(\d{1,9})", lambda chunks: {"hang_stream_after": int(chunks)}),
        (r"cut-stream-after-(\d{1,9})", lambda chunks: {"cut_stream_after": int(chunks)}),
        (r"fail-mid-stream", lambda: {"fail_mid_stream": True}),
    )
)


def _meaning(command: str) -> dict[str, Any]:
    for pattern, meaning in _COMMANDS:
        found = pattern.fullmatch(command)
        if found:
            return meaning(*found.groups())
    raise UnknownCommandError(
        f"The upstream simulator does not know the command {command!r}. It knows demo, echo, tool-call, tokens-N, "
        "latency-200ms, latency-uniform-100ms-300ms, latency-lognormal-200ms-50ms, speed-50tps, error-500, "
        "error-429-retry-after-2, error-500-every-2, hang, hang-stream-after-N, cut-stream-after-N and "
        "fail-mid-stream, joined by '+'."
    )


@lru_cache(maxsize=1024)
def parse_behaviour(text: str) -> Behaviour:
    """The behaviour that `text` commands: commands joined by `+`, in any order.

    A path before the last slash is left out, so that `openai/demo` means `demo`.

    Raises:
        UnknownCommandError: A command is unknown, or two commands set the same thing.
    """
    fields: dict[str, Any] = {}
    for command in text.rpartition("/")[2].split("+"):
        meaning = _meaning(command)
        repeated = fields.keys() & meaning.keys()
        if repeated:
            raise UnknownCommandError(f"In {text!r} the command {command!r} sets again what an earlier command set.")
        fields |= meaning
    return Behaviour(**fields)
