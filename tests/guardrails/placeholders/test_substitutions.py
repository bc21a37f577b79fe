from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.minting import Minting
from guardrails.placeholders.substitutions import Substitutions
from guardrails.scanning.plan import PLACEHOLDERS

KEYS = TenantKeys("salt-of-the-tests")
MINTING = Minting(KEYS, "tenant-1")
EMAIL = "EMAIL_ADDRESS"
VALUES = [
    (EMAIL, "jane@example.com"),
    (EMAIL, "Jane@Example.com"),
    (EMAIL, "JANE@EXAMPLE.COM"),
    (EMAIL, "jane\u200b@example.com"),
    (EMAIL, "joe@example.com"),
    ("PHONE_NUMBER", "+84 912 345 678"),
    ("PHONE_NUMBER", "+84912345678"),
    ("CREDIT_CARD", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "4111-1111-1111-1111"),
    ("PERSON", "Nguyễn Văn An"),
    ("PERSON", "Nguye\u0302\u0303n Va\u0306n An"),
    ("PERSON", "\ud800 lone"),
    ("US_SSN", "219-09-9998"),
    ("VN_CMND", "219099998"),
]
# What a client may type: masks, hashes, placeholders of nobody, of its own values, of another tenant, truncated ones.
TYPED = [
    "<EMAIL_ADDRESS>",
    "<EMAIL_ADDRESS_abcdefghij>",
    MINTING.hashed(*VALUES[0]),
    *(MINTING.placeholder(*value) for value in VALUES),
    *(MINTING.further_placeholder(*value, number) for value in VALUES for number in range(2)),
    *(Minting(KEYS, "tenant-2").placeholder(*value) for value in VALUES[:2]),
    MINTING.placeholder(*VALUES[0])[:-1],
    MINTING.placeholder(*VALUES[0])[1:],
    "<",
    ">",
    "<EMAIL_ADDRESS_",
]

Piece = str | tuple[str, str]
pieces = st.lists(
    st.one_of(st.sampled_from(VALUES), st.sampled_from(TYPED), st.text(max_size=8), st.just(" ")), max_size=12
)


def masked(substitutions: Substitutions, texts: Sequence[Sequence[Piece]]) -> list[str]:
    """As a request is redacted: all that was typed is noted first, then values are replaced in their order."""
    for text in texts:
        for run in _runs(text):
            for placeholder in PLACEHOLDERS.findall(run):
                substitutions.typed(placeholder)
    return [
        "".join(substitutions.substitute(*piece) if isinstance(piece, tuple) else piece for piece in text)
        for text in texts
    ]


def plain(text: Sequence[Piece]) -> str:
    return "".join(piece[1] if isinstance(piece, tuple) else piece for piece in text)


def _runs(text: Sequence[Piece]) -> list[str]:
    """What stands between values."""
    return "".join("\0" if isinstance(piece, tuple) else piece for piece in text).split("\0")


@given(st.lists(pieces, max_size=4))
def test_restoring_what_was_masked_gives_back_each_text(texts: list[list[Piece]]) -> None:
    """Whatever the writing of values, and whatever the client typed."""
    substitutions = Substitutions(MINTING)
    after = masked(substitutions, texts)
    assert [substitutions.restore_text(text) for text in after] == [plain(text) for text in texts]


@given(st.lists(pieces, max_size=4))
def test_no_value_is_left_in_what_was_masked(texts: list[list[Piece]]) -> None:
    substitutions = Substitutions(MINTING)
    for text, after in zip(texts, masked(substitutions, texts), strict=True):
        written = "".join(_runs(text))
        assert all(piece[1] not in after or piece[1] in written for piece in text if isinstance(piece, tuple))


@given(pieces, pieces)
def test_a_history_that_is_sent_again_reads_the_same(first: list[Piece], second: list[Piece]) -> None:
    """A later turn begins with the earlier ones, so it gives their values the same placeholders."""
    earlier = masked(Substitutions(MINTING), [first])
    typed_later = {placeholder for run in _runs(second) for placeholder in PLACEHOLDERS.findall(run)}
    later = masked(Substitutions(MINTING), [first, second])
    if not typed_later & set(PLACEHOLDERS.findall(earlier[0])):
        assert later[0] == earlier[0]


@given(pieces, pieces)
def test_tenants_share_no_placeholder_and_restore_none_of_each_other(one: list[Piece], other: list[Piece]) -> None:
    """Also where both hold the same values."""
    ours, theirs = Substitutions(MINTING), Substitutions(Minting(KEYS, "tenant-2"))
    values = [[piece for piece in text if isinstance(piece, tuple)] for text in (one, other)]
    [our_text], [their_text] = masked(ours, [values[0]]), masked(theirs, [values[1]])
    assert not set(PLACEHOLDERS.findall(our_text)) & set(PLACEHOLDERS.findall(their_text))
    assert ours.restore_text(their_text) == their_text
    assert theirs.restore_text(our_text) == our_text


def test_the_first_writing_has_the_placeholder_of_the_value_and_another_its_own() -> None:
    """In another request the other writing, alone, has the value's."""
    substitutions = Substitutions(MINTING)
    first = substitutions.substitute(EMAIL, "Jane@Example.com")
    second = substitutions.substitute(EMAIL, "jane@example.com")
    assert first == MINTING.placeholder(EMAIL, "jane@example.com") != second
    assert second == MINTING.further_placeholder(EMAIL, "jane@example.com", 0)
    assert substitutions.substitute(EMAIL, "Jane@Example.com") == first
    assert substitutions.restore_text(f"{first} {second}") == "Jane@Example.com jane@example.com"
    assert Substitutions(MINTING).substitute(EMAIL, "jane@example.com") == first


def test_what_the_client_typed_is_never_restored_and_never_given_out() -> None:
    """Even where it typed exactly what a value of the same request would get."""
    substitutions = Substitutions(MINTING)
    typed = [MINTING.placeholder(*VALUES[0]), MINTING.further_placeholder(*VALUES[0], 0)]
    for placeholder in typed:
        substitutions.typed(placeholder)
    minted = substitutions.substitute(*VALUES[0])
    assert minted not in typed
    assert [substitutions.restore(placeholder) for placeholder in (*typed, minted)] == [None, None, VALUES[0][1]]


def test_a_typed_placeholder_with_something_hidden_in_it_counts_as_typed() -> None:
    """The model may answer with what it says."""
    placeholder = MINTING.placeholder(*VALUES[0])
    substitutions = Substitutions(MINTING)
    substitutions.typed(placeholder.replace("ADDRESS", "ADD\u200bRESS"))
    assert substitutions.substitute(*VALUES[0]) != placeholder
    assert substitutions.restore(placeholder) is None


def test_values_whose_placeholders_collide_stay_apart() -> None:
    """Ten characters are not many: another value that meets the same ones gets others."""

    class Colliding(Minting):
        def placeholder(self, entity: str, value: str) -> str:  # noqa: ARG002  that is the collision
            return f"<{entity}_aaaaaaaaaa>"

        def further_placeholder(self, entity: str, value: str, number: int) -> str:  # noqa: ARG002  as above
            return f"<{entity}_aaaaaaaaa{'abc'[number]}>"

    substitutions = Substitutions(Colliding(KEYS, "tenant-1"))
    values = ["jane@example.com", "joe@example.com", "jim@example.com"]
    minted = [substitutions.substitute(EMAIL, value) for value in values]
    assert len(set(minted)) == 3
    assert [substitutions.restore(placeholder) for placeholder in minted] == values


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p[:-1],
        lambda p: p[:-2] + ">",
        lambda p: p.upper(),
        lambda p: p.replace("_ADDRESS", ""),
        lambda p: p.replace("<", "&lt;"),
        lambda p: p.replace("S_", "S#"),
        lambda p: p[:-11] + "aaaaaaaaaa>",
    ],
)
def test_only_the_exact_placeholder_is_restored(damage: object) -> None:
    substitutions = Substitutions(MINTING)
    damaged = damage(substitutions.substitute(*VALUES[0]))  # type: ignore[operator]
    assert substitutions.restore(damaged) is None
    assert substitutions.restore_text(f"a {damaged} b") == f"a {damaged} b"


def test_a_later_request_takes_up_what_an_earlier_one_kept() -> None:
    """Values of both are restored, each in its own writing, whichever came first in the conversation."""
    earlier = Substitutions(MINTING)
    first = earlier.substitute(EMAIL, "Jane@Example.com")
    later = Substitutions(MINTING)
    later.recall(earlier.kept())
    second = later.substitute(EMAIL, "jane@example.com")
    assert later.substitute(EMAIL, "Jane@Example.com") == first
    assert later.restore_text(f"{first} {second}") == "Jane@Example.com jane@example.com"
    assert list(later.kept()) == [first, second]


def test_a_recalled_value_keeps_its_placeholder_over_a_change_of_keys() -> None:
    """The history that the provider holds names it so."""
    earlier = Substitutions(MINTING)
    first = earlier.substitute(*VALUES[0])
    later = Substitutions(Minting(TenantKeys("salt-of-the-tests", version=2), "tenant-1"))
    later.recall(earlier.kept())
    assert later.substitute(*VALUES[0]) == first
    assert later.substitute(*VALUES[4]) != MINTING.placeholder(*VALUES[4])


def test_what_was_typed_in_an_earlier_request_stays_typed() -> None:
    typed = MINTING.placeholder(*VALUES[0])
    earlier = Substitutions(MINTING)
    earlier.typed(typed)
    earlier.substitute(*VALUES[4])
    later = Substitutions(MINTING)
    later.recall(earlier.kept())
    assert later.substitute(*VALUES[0]) != typed
    assert later.restore(typed) is None


def test_a_recalled_placeholder_that_the_client_types_is_not_restored() -> None:
    """In whichever order both become known; the value gets another one in this request."""
    earlier = Substitutions(MINTING)
    placeholder = earlier.substitute(*VALUES[0])
    for typed_first in (True, False):
        later = Substitutions(MINTING)
        steps = [lambda later=later: later.typed(placeholder), lambda later=later: later.recall(earlier.kept())]
        for step in steps if typed_first else steps[::-1]:
            step()
        assert later.restore(placeholder) is None
        assert later.restore(later.substitute(*VALUES[0])) == VALUES[0][1]
        assert later.restore(placeholder) is None


def test_what_this_request_gave_out_wins_over_what_is_recalled_afterwards() -> None:
    earlier = Substitutions(MINTING)
    placeholder = earlier.substitute(EMAIL, "Jane@Example.com")
    later = Substitutions(MINTING)
    assert later.substitute(EMAIL, "jane@example.com") == placeholder
    later.recall(earlier.kept())
    assert later.restore(placeholder) == "jane@example.com"
    assert later.kept() == {placeholder: "jane@example.com"}


def test_they_are_true_where_there_is_something_to_restore() -> None:
    substitutions = Substitutions(MINTING)
    assert not substitutions
    substitutions.typed("<EMAIL_ADDRESS_abcdefghij>")
    assert not substitutions
    recalled = Substitutions(MINTING)
    recalled.recall({"<EMAIL_ADDRESS_abcdefghij>": "jane@example.com"})
    assert recalled
    substitutions.substitute(*VALUES[0])
    assert substitutions


def test_masks_and_hashes_need_no_keeping() -> None:
    """They can be typed as often as one likes: they never are a placeholder."""
    substitutions = Substitutions(MINTING)
    substitutions.typed("<EMAIL_ADDRESS>")
    substitutions.typed("<EMAIL_ADDRESS#abcdefghij>")
    assert substitutions.kept() == {}


def test_no_value_is_shown_nor_written_down() -> None:
    """Neither by a log of the object, nor by copying it, nor by a pickle of what holds it."""
    substitutions = Substitutions(MINTING)
    substitutions.recall({"<PERSON_abcdefghij>": "Jane Miller"})
    substitutions.substitute(EMAIL, "jane@example.com")
    assert repr(substitutions) == str(substitutions) == "<Substitutions of 2 values>"
    assert repr({"held": [substitutions]}) == "{'held': [<Substitutions of 2 values>]}"
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as raised:
            write({"held": substitutions} if write is not copy.copy else substitutions)
        assert "jane" not in str(raised.value).lower()
