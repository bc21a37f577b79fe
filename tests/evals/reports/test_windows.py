"""Windows follow each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from evals.reports.windows import Window, aligned, following

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOON = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("every", "begins"),
    [
        (DAY, datetime(2026, 3, 4, tzinfo=UTC)),
        (HOUR, datetime(2026, 3, 4, 12, tzinfo=UTC)),
        (7 * DAY, datetime(2026, 3, 2, tzinfo=UTC)),
        (timedelta(minutes=15), datetime(2026, 3, 4, 12, 30, tzinfo=UTC)),
    ],
)
def test_windows_begin_where_people_expect_it(every: timedelta, begins: datetime) -> None:
    """Days at midnight UTC, weeks on Monday."""
    assert aligned(NOON, every) == begins


def test_they_leave_no_gap_also_where_their_length_changes() -> None:
    """From hours to days and back: the first after a change is shorter."""
    windows = [following(aligned(NOON, HOUR), HOUR)]
    for every in (HOUR, DAY, DAY, HOUR, HOUR, 7 * DAY, DAY):
        windows.append(following(windows[-1].end, every))
    assert all(one.end == other.start and one.start < one.end for one, other in pairwise(windows))
    assert windows[2].end == datetime(2026, 3, 5, tzinfo=UTC)


def test_the_time_before_a_window_ends_where_it_begins() -> None:
    assert Window(NOON, NOON + DAY).before(7 * DAY) == Window(NOON - 7 * DAY, NOON)
