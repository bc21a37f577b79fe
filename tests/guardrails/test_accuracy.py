from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.accuracy import Accuracy, Figures, Found, overlap
from guardrails.labelled import Example, Label

EMAIL, PHONE = "EMAIL_ADDRESS", "PHONE_NUMBER"
TEXT = "0123456789" * 10


def compared(labels: list[Found], found: list[Found]) -> Accuracy:
    accuracy = Accuracy()
    accuracy.add(Example("line 1", TEXT, tuple(Label(*label) for label in labels)), found, {EMAIL, PHONE}, {})
    return accuracy


@pytest.mark.parametrize(
    ("label", "finding", "right", "exact"),
    [
        ((10, 20), (10, 20), 1, 1),
        ((10, 20), (11, 20), 1, 0),
        ((10, 20), (10, 15), 1, 0),  # exactly half
        ((10, 20), (10, 14), 0, 0),
        ((10, 20), (10, 30), 1, 0),  # exactly half of what both cover
        ((10, 20), (10, 31), 0, 0),
        ((10, 20), (15, 25), 0, 0),  # half of each, but a third of both
        ((10, 20), (20, 30), 0, 0),
    ],
)
def test_a_finding_is_right_where_it_overlaps_by_half_of_both(
    label: tuple[int, int], finding: tuple[int, int], right: int, exact: int
) -> None:
    figures = compared([Found(EMAIL, *label)], [Found(EMAIL, *finding)]).overall
    assert (figures.labelled, figures.found, figures.right, figures.exact) == (1, 1, right, exact)


def test_another_entity_in_the_place_is_a_miss_and_a_false_alarm() -> None:
    """And the miss says what it was taken for."""
    accuracy = compared([Found(EMAIL, 40, 50)], [Found(PHONE, 40, 50)])
    assert accuracy.by_entity == {EMAIL: Figures(labelled=1), PHONE: Figures(found=1)}
    miss, alarm = accuracy.mistakes
    assert (miss.kind, miss.entity, miss.taken_for) == ("miss", EMAIL, PHONE)
    assert (alarm.kind, alarm.entity, alarm.taken_for) == ("false alarm", PHONE, None)


def test_a_mistake_shows_its_value_with_30_characters_around_it() -> None:
    miss, early = compared([Found(EMAIL, 40, 45), Found(EMAIL, 2, 5)], []).mistakes
    assert (miss.place, miss.before, miss.value, miss.after) == ("line 1", TEXT[10:40], TEXT[40:45], TEXT[45:75])
    assert (early.before, early.value) == ("01", "234")


def test_one_label_makes_one_finding_right() -> None:
    """Of two findings in one label's place the nearer one is, and the other a false alarm."""
    accuracy = compared([Found(EMAIL, 10, 20)], [Found(EMAIL, 10, 15), Found(EMAIL, 10, 20)])
    assert (accuracy.overall.right, accuracy.overall.exact, accuracy.overall.found) == (1, 1, 2)
    assert [(mistake.kind, mistake.value) for mistake in accuracy.mistakes] == [("false alarm", TEXT[10:15])]


def test_precision_recall_and_f1() -> None:
    """By their definitions, for each entity and with all values counting the same overall."""
    labels = [Found(EMAIL, 0, 5), Found(EMAIL, 10, 15), Found(EMAIL, 20, 25), Found(PHONE, 30, 35)]
    found = [Found(EMAIL, 0, 5), Found(EMAIL, 50, 55), Found(PHONE, 30, 35)]
    accuracy = compared(labels, found)
    email, phone, overall = accuracy.by_entity[EMAIL], accuracy.by_entity[PHONE], accuracy.overall
    assert (email.precision, email.recall, email.f1) == (1 / 2, 1 / 3, 0.4)
    assert (phone.precision, phone.recall, phone.f1) == (1, 1, 1)
    assert (overall.precision, overall.recall, overall.labelled) == (2 / 3, 2 / 4, 4)
    assert overall.f1 == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))


def test_what_has_no_figure_has_none() -> None:
    """No finding has no precision, no label no recall; that is not the same as 0."""
    assert (Figures(labelled=1).precision, Figures(labelled=1).recall, Figures(labelled=1).f1) == (None, 0, 0)
    assert (Figures(found=1).precision, Figures(found=1).recall, Figures(found=1).f1) == (0, None, 0)
    assert (Figures().precision, Figures().recall, Figures().f1) == (None, None, None)


def test_labels_that_nothing_looks_for_are_left_out_unless_they_are_mapped() -> None:
    example = Example("line 1", TEXT, (Label("E-MAIL", 0, 5), Label("HOBBY", 10, 15), Label("HOBBY", 20, 25)))
    found = [Found(EMAIL, 0, 5)]
    unmapped = Accuracy()
    unmapped.add(example, found, {EMAIL}, {})
    assert unmapped.not_looked_for == {"E-MAIL": 1, "HOBBY": 2}
    assert unmapped.overall == Figures(found=1)
    mapped = Accuracy()
    mapped.add(example, found, {EMAIL}, {"E-MAIL": EMAIL})
    assert mapped.not_looked_for == {"HOBBY": 2}
    assert mapped.overall == Figures(labelled=1, found=1, right=1, exact=1)


places = st.builds(
    lambda entity, start, length: Found(entity, start, start + length),
    st.sampled_from([EMAIL, PHONE]),
    st.integers(0, 80),
    st.integers(1, 20),
)


@given(st.lists(places, max_size=8), st.lists(places, max_size=8))
def test_figures_add_up(labels: list[Found], found: list[Found]) -> None:
    """Whatever overlaps: every label and finding is either right or a mistake, and entities make up the whole."""
    accuracy = compared(labels, found)
    overall = accuracy.overall
    kinds = [mistake.kind for mistake in accuracy.mistakes]
    assert overall.labelled == len(labels) == overall.right + kinds.count("miss")
    assert overall.found == len(found) == overall.right + kinds.count("false alarm")
    for count in ("labelled", "found", "right", "exact"):
        assert getattr(overall, count) == sum(getattr(figures, count) for figures in accuracy.by_entity.values())


@given(places, places)
def test_overlap_is_of_sets_of_characters(one: Found, other: Found) -> None:
    """Intersection over union, as counted out."""
    first, second = set(range(one.start, one.end)), set(range(other.start, other.end))
    assert overlap(one, other) == len(first & second) / len(first | second)
