from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks.alerts.state import Progress, Seen, Step, Telling, Timing, step

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHANNELS = ("slack", "mail")
LASTING = Timing(hold=5 * MINUTE, keep_firing_for=2 * MINUTE)


def at(minutes: float, bad: bool, *, silenced: bool = False, channels: tuple[str, ...] = CHANNELS) -> Seen:
    return Seen(START + minutes * MINUTE, bad, silenced, channels)


def course(timing: Timing, *looks: Seen) -> list[tuple[str | None, list[str]]]:
    """State and what is told, after each look."""
    progress: Progress | None = None
    told = []
    for look in looks:
        after = step(progress, look, timing)
        progress = after.progress
        told.append((progress and progress.state, [one.kind for one in after.tellings]))
    return told


def test_an_alert_fires_once_its_time_is_up_and_ends() -> None:
    """Bad for five minutes, good for two."""
    assert course(
        LASTING, at(0, True), at(4.9, True), at(5, True), at(6, True), at(7, False), at(8, False), at(9, False)
    ) == [
        ("pending", []),
        ("pending", []),
        ("firing", ["firing"]),
        ("firing", []),
        ("firing", []),
        ("resolved", ["resolved"]),
        ("resolved", []),
    ]


def test_a_good_figure_in_between_begins_anew() -> None:
    """Five minutes mean five minutes on end."""
    assert course(LASTING, at(0, True), at(3, True), at(4, False), at(5, True), at(9, True), at(10, True)) == [
        ("pending", []),
        ("pending", []),
        (None, []),
        ("pending", []),
        ("pending", []),
        ("firing", ["firing"]),
    ]


def test_flapping_tells_once() -> None:
    """Good for less than `keep_firing_for` is no end."""
    looks = [at(5 + minute, bad=minute % 2 == 0) for minute in range(20)]
    told = course(Timing(keep_firing_for=2 * MINUTE), *looks)
    assert Counter(kind for _, kinds in told for kind in kinds) == {"firing": 1}


def test_without_a_holding_time_it_fires_at_once() -> None:
    """And ends at once, where it is not kept firing."""
    assert course(Timing(), at(0, True), at(1, False)) == [("firing", ["firing"]), ("resolved", ["resolved"])]


def test_it_is_repeated_as_often_as_the_rule_says() -> None:
    """Counted from the last time that it was told."""
    told = course(Timing(repeat_every=10 * MINUTE), *(at(minute, True) for minute in (0, 9, 10, 15, 19, 21, 30, 31)))
    assert [kinds for _, kinds in told] == [["firing"], [], ["repeated"], [], [], ["repeated"], [], ["repeated"]]


def test_a_silence_lets_nothing_out_and_what_it_held_back_follows() -> None:
    """An alert that still fires when the silence ends is told then, for the first time."""
    told = course(Timing(), at(0, True, silenced=True), at(1, True, silenced=True), at(2, True), at(3, False))
    assert told == [("firing", []), ("firing", []), ("firing", ["firing"]), ("resolved", ["resolved"])]


def test_an_alert_that_came_and_went_in_silence_is_never_told() -> None:
    """Neither that it began nor that it ended."""
    told = course(Timing(), at(0, True, silenced=True), at(1, False, silenced=True), at(2, False))
    assert [kinds for _, kinds in told] == [[], [], []]


def test_who_knows_of_it_is_told_of_its_end_after_a_silence() -> None:
    """Else an incident would stay open for ever."""
    told = course(Timing(), at(0, True), at(1, False, silenced=True), at(2, False, silenced=True), at(3, False))
    assert told == [("firing", ["firing"]), ("resolved", []), ("resolved", []), ("resolved", ["resolved"])]


def test_a_channel_that_the_rule_names_later_is_told_too() -> None:
    """And no other a second time; a channel taken out of the rule still learns of the end."""
    first = step(None, at(0, True, channels=("slack",)), Timing())
    second = step(first.progress, at(1, True, channels=("slack", "mail")), Timing())
    third = step(second.progress, at(2, False, channels=("mail",)), Timing())
    assert first.tellings == (Telling("firing", ("slack",)),)
    assert second.tellings == (Telling("firing", ("mail",)),)
    assert third.tellings == (Telling("resolved", ("slack", "mail")),)


def test_without_channels_nothing_is_told() -> None:
    """The state is kept all the same."""
    told = course(Timing(repeat_every=MINUTE), at(0, True, channels=()), at(5, True, channels=()), at(6, False))
    assert told == [("firing", []), ("firing", []), ("resolved", [])]


def test_a_gap_between_looks_does_not_count_as_bad_time() -> None:
    """Nobody knows how it was while nobody looked."""
    timing = Timing(hold=5 * MINUTE, patience=2 * MINUTE)
    told = course(timing, at(0, True), at(1, True), at(31, True), at(33, True), at(35, True), at(36, True))
    assert [state for state, _ in told] == ["pending", "pending", "pending", "pending", "pending", "firing"]


@pytest.mark.parametrize("jump", [-90, -1, 90])
def test_a_clock_that_jumps_does_not_hang_an_alert(jump: int) -> None:
    """Put back, it begins to count anew; it never waits until the clock has caught up."""
    timing = Timing(hold=5 * MINUTE, keep_firing_for=2 * MINUTE, patience=2 * MINUTE)
    looks = [at(0, True), at(1, True), *(at(jump + minute, True) for minute in range(2, 10))]
    states = [state for state, _ in course(timing, *looks)]
    assert states[-1] == "firing"
    back = [*looks, at(-300, False), at(-299, False), at(-298, False)]
    assert course(timing, *back)[-1][0] == "resolved"


looks = st.lists(
    st.tuples(
        st.integers(0, 600),  # seconds since the look before
        st.booleans(),
        st.booleans(),
        st.sampled_from([CHANNELS, ("slack",), ()]),
    ),
    max_size=60,
)
timings = st.builds(
    Timing,
    hold=st.integers(0, 900).map(lambda seconds: timedelta(seconds=seconds)),
    keep_firing_for=st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds)),
    repeat_every=st.none() | st.integers(60, 1200).map(lambda seconds: timedelta(seconds=seconds)),
    patience=st.just(timedelta(seconds=300)),
)


Found = list[tuple[int, bool, bool, tuple[str, ...]]]


@dataclass(frozen=True)
class Moment:
    """One look, what was before and what after; ``bad_since`` is since when figures were bad without a gap."""

    seen: Seen
    before: Progress | None
    after: Step
    bad_since: datetime | None


def moments(found: Found, timing: Timing) -> Iterator[Moment]:
    now, bad_at = START, START
    progress: Progress | None = None
    bad_since: datetime | None = None
    for seconds, bad, silenced, channels in found:
        now += timedelta(seconds=seconds)
        if not bad:
            bad_since = None
        elif bad_since is None or now - bad_at > timing.patience:
            bad_since = now
        bad_at = now if bad else bad_at
        history = progress is not None and progress.state == "resolved" and not progress.owes_end
        before = None if history else progress
        seen = Seen(now, bad, silenced, channels)
        after = step(before, seen, timing)
        yield Moment(seen, before, after, bad_since)
        progress = after.progress


@settings(max_examples=500, deadline=None)
@given(looks, timings)
def test_each_channel_hears_a_story_with_a_beginning_and_one_end(found: Found, timing: Timing) -> None:
    """At most one beginning, repeats only after it, at most one end and nothing after it; nothing in a silence."""
    heard: dict[tuple[str, str], list[str]] = {}
    for moment in moments(found, timing):
        progress = moment.after.progress
        for telling in moment.after.tellings:
            assert not moment.seen.silenced
            assert progress is not None
            for channel in telling.channels:
                heard.setdefault((progress.id, channel), []).append(telling.kind)
        if progress is not None and progress.state == "firing" and not moment.seen.silenced:
            assert all((progress.id, channel) in heard for channel in moment.seen.channels)  # nobody is forgotten
    for kinds in heard.values():
        assert kinds.count("firing") <= 1
        assert "resolved" not in kinds[:-1]
        assert set(kinds[1:-1]) <= {"repeated"}
        assert kinds[0] in {"firing", "repeated"}


@settings(max_examples=500, deadline=None)
@given(looks, timings)
def test_it_fires_and_ends_when_its_time_is_up_and_not_before(found: Found, timing: Timing) -> None:
    """Bad for the whole holding time, good for the whole time that it is kept firing."""
    for moment in moments(found, timing):
        was, now = moment.before and moment.before.state, moment.after.progress and moment.after.progress.state
        if now == "firing" and was in {None, "pending"}:
            assert moment.bad_since is not None
            assert moment.seen.now - moment.bad_since >= timing.hold
        if now == "pending":
            assert moment.seen.bad
        if was == "firing" and now == "resolved":
            assert moment.before is not None
            assert moment.seen.now - moment.before.bad_at >= timing.keep_firing_for


@settings(max_examples=500, deadline=None)
@given(looks, timings)
def test_a_second_look_at_the_same_moment_tells_nothing(found: Found, timing: Timing) -> None:
    """Two processes that lead for a moment do not tell twice."""
    for moment in moments(found, timing):
        assert step(moment.after.progress, moment.seen, timing).tellings == ()


def test_the_end_follows_for_all_who_heard_of_the_beginning() -> None:
    """Once it is quiet, nobody is left in the belief that it still fires."""
    progress = step(None, at(0, True), Timing()).progress
    assert progress is not None
    ended = step(progress, at(1, False), Timing())
    assert ended.tellings == (Telling("resolved", CHANNELS),)
    assert step(replace(progress, told=()), at(1, False), Timing()).tellings == ()
