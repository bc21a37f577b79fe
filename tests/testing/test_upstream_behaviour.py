import random
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferspect.testing.upstream import Behaviour, UnknownCommandError, parse_behaviour
from inferspect.testing.upstream.behaviour import CommandedError, Latency

COUNTS = st.integers(0, 999_999)
MILLISECONDS = st.integers(0, 999_999)


def command_and_fields() -> list[st.SearchStrategy[tuple[str, dict[str, Any]]]]:
    """One strategy for each group of commands that exclude one another."""
    return [
        st.one_of(
            st.sampled_from(["demo", "echo", "tool-call"]).map(lambda name: (name, {"answer": name})),
            COUNTS.map(lambda count: (f"tokens-{count}", {"answer": "tokens", "answer_tokens": count})),
        ),
        st.one_of(
            MILLISECONDS.map(lambda ms: (f"latency-{ms}ms", {"latency": Latency("constant", ms / 1000)})),
            MILLISECONDS.map(lambda s: (f"latency-{s}s", {"latency": Latency("constant", float(s))})),
            st.tuples(MILLISECONDS, MILLISECONDS).map(
                lambda pair: (
                    f"latency-lognormal-{pair[0]}ms-{pair[1]}ms",
                    {"latency": Latency("lognormal", pair[0] / 1000, pair[1] / 1000)},
                )
            ),
            st.tuples(MILLISECONDS, MILLISECONDS)
            .map(sorted)
            .map(
                lambda pair: (
                    f"latency-uniform-{pair[0]}ms-{pair[1]}ms",
                    {"latency": Latency("uniform", pair[0] / 1000, pair[1] / 1000)},
                )
            ),
        ),
        st.integers(1, 99_999).map(lambda speed: (f"speed-{speed}tps", {"tokens_per_second": float(speed)})),
        st.tuples(st.integers(400, 599), st.none() | st.integers(0, 9999), st.integers(1, 9999) | st.none()).map(
            lambda error: (
                f"error-{error[0]}"
                + ("" if error[1] is None else f"-retry-after-{error[1]}")
                + ("" if error[2] is None else f"-every-{error[2]}"),
                {"error": CommandedError(error[0], error[1], error[2] or 1)},
            )
        ),
        st.just(("hang", {"hang": True})),
        COUNTS.map(lambda chunks: (f"hang-stream-after-{chunks}", {"hang_stream_after": chunks})),
        COUNTS.map(lambda chunks: (f"cut-stream-after-{chunks}", {"cut_stream_after": chunks})),
        st.just(("fail-mid-stream", {"fail_mid_stream": True})),
    ]


@st.composite
def combinations(draw: st.DrawFn) -> tuple[str, Behaviour]:
    groups = draw(st.permutations(command_and_fields()))
    chosen = [draw(group) for group in groups[: draw(st.integers(1, len(groups)))]]
    fields: dict[str, Any] = {}
    for _, meaning in chosen:
        fields |= meaning
    return "+".join(command for command, _ in chosen), Behaviour(**fields)


@given(combinations())
def test_every_combination_of_commands_means_what_its_parts_mean(combination: tuple[str, Behaviour]) -> None:
    """Commands keep their meaning in any combination and order."""
    text, expected = combination
    assert parse_behaviour(text) == expected
    assert parse_behaviour(f"some-provider/{text}") == expected


@given(st.text())
def test_a_text_is_a_behaviour_or_is_refused_by_name(text: str) -> None:
    """Any text either parses or raises the error that names the part that is not understood."""
    parts = text.rpartition("/")[2].split("+")
    try:
        outcome: Behaviour | str = parse_behaviour(text)
    except UnknownCommandError as error:
        outcome = str(error)
    assert isinstance(outcome, Behaviour) or any(repr(part) in outcome for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gpt-4o",
        "Demo",
        "demo+",
        "demo+echo",
        "echo+tool-call",
        "latency-1s+latency-2s",
        "error-500+error-400",
        "error-200",
        "error-600",
        "error-500-every-0",
        "latency-200",
        "latency--5ms",
        "latency-uniform-2s-1s",
        "speed-0tps",
        "speed-1e3tps",
        "tokens-",
        "cut-stream",
        "hang-forever",
        "latency-٢ms",
    ],
)
def test_what_is_not_in_the_grammar_is_refused(text: str) -> None:
    """Typing errors, contradictions and values out of range are errors, never a silent default."""
    with pytest.raises(UnknownCommandError):
        parse_behaviour(text)


def test_latencies_have_the_moments_that_were_asked_for() -> None:
    """The log-normal latency has the mean and the standard deviation that its command names."""
    latency, source = parse_behaviour("latency-lognormal-200ms-50ms").latency, random.Random(1)
    assert latency is not None
    delays = [latency.draw(source) for _ in range(20_000)]
    assert statistics.fmean(delays) == pytest.approx(0.2, rel=0.02)
    assert statistics.stdev(delays) == pytest.approx(0.05, rel=0.05)
    assert min(delays) > 0


def test_a_lognormal_latency_around_zero_is_zero() -> None:
    """A mean of 0 has no logarithm and still is a valid latency."""
    latency = parse_behaviour("latency-lognormal-0ms-50ms").latency
    assert latency is not None
    assert latency.draw(random.Random(1)) == 0.0


def test_uniform_latencies_stay_between_their_bounds() -> None:
    """A uniform latency never leaves its bounds."""
    latency, source = parse_behaviour("latency-uniform-100ms-300ms").latency, random.Random(1)
    assert latency is not None
    delays = [latency.draw(source) for _ in range(1_000)]
    assert 0.1 <= min(delays) < 0.12
    assert 0.28 < max(delays) <= 0.3


def test_every_command_in_the_documentation_is_understood() -> None:
    """The grammar's table in the documentation shows only commands that work."""
    page = (Path(__file__).parents[2] / "docs" / "upstream-simulator.md").read_text(encoding="utf-8")
    table = page.partition("<!-- grammar -->")[2].partition("<!-- /grammar -->")[0]
    commands = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert len(commands) > 10
    for command in commands:
        parse_behaviour(command)
