"""Choosing the most different of many texts."""

from __future__ import annotations

from evals.promotion.diversity import by_characters, by_vectors, most_different

TEXTS = [
    "How long can I return a jacket?",
    "How long can I return a shirt?",
    "How long may I return jackets?",
    "Where is my parcel, please?",
    "Where is my parcel now?",
    "Tôi muốn đổi mật khẩu tài khoản",
]


def test_one_of_each_kind_is_chosen_and_the_first_always() -> None:
    chosen = most_different(len(TEXTS), 3, by_characters(TEXTS))
    assert chosen[0] == 0
    assert {chosen[1] in {3, 4}, chosen[2] == 5} == {True}


def test_all_are_chosen_where_as_many_are_wanted() -> None:
    assert most_different(3, 5, by_characters(TEXTS[:3])) == [0, 1, 2]


def test_the_same_texts_lead_to_the_same_choice() -> None:
    assert [most_different(6, n, by_characters(TEXTS)) for n in (1, 2, 4)] == [
        most_different(6, n, by_characters(TEXTS)) for n in (1, 2, 4)
    ]


def test_equal_and_empty_texts_have_no_distance() -> None:
    distance = by_characters(["Hello  WORLD", "hello world", "", ""])
    assert distance(0, 1) == 0
    assert distance(2, 3) == 0
    assert distance(0, 2) == 1


def test_vectors_are_compared_by_their_direction() -> None:
    distance = by_vectors([[1, 0], [2, 0], [0, 3], [0, 0]])
    assert distance(0, 1) == 0
    assert distance(0, 2) == 1
    assert distance(0, 3) == 1
