"""Scores of how an answer is written, how long it is, and whether it has the form that was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from profanity_check import predict_prob
from profanity_check.profanity_check import vectorizer

from callbacks.quality import swearing
from callbacks.quality.scorers import OWN
from callbacks.quality.scoring import Scored
from callbacks.quality.swearing import probabilities
from inferspect.observation.score_names import OF_SCORERS, range_of

Score = Callable[..., Scored]
SIMPLE = "The cat sat on the mat. The dog ran to the tree. We saw a bird in the sky. It was a good day for us all."
HARD = (
    "Institutional fragmentation precipitated considerable administrative discontinuity, necessitating comprehensive "
    "organizational reconfiguration throughout interdependent governmental jurisdictions notwithstanding "
    "constitutional ambiguities regarding intergovernmental responsibilities."
)


def test_each_scorer_has_its_name_in_scores_or_in_skips(scored: Score) -> None:
    """All of a response is accounted for."""
    for answer in (
        "Paris is the capital of France.",
        "",
        "Xin chào bạn, tôi là trợ lý.",
        "```python\nx = 1\n```",
        None,
    ):
        result = scored(answer)
        assert {*result.scores, *result.skips} == set(OF_SCORERS)
        assert not {*result.scores} & {*result.skips}


def test_names_and_ranges_are_those_that_rules_may_name() -> None:
    assert tuple(scorer.name for scorer in OWN) == OF_SCORERS
    assert [range_of(scorer.name) for scorer in OWN] == [(scorer.low, scorer.high) for scorer in OWN]


@pytest.mark.parametrize(
    ("answer", "language"),
    [
        ("The weather will be fine tomorrow, with some clouds in the north.", "en"),
        ("Ngày mai trời đẹp, miền bắc có mây.", "vi"),
        ("Được ạ", "vi"),
        ("Demain il fera beau, avec quelques nuages dans le nord du pays.", "fr"),
        ("Hôm nay tôi đi học.\n```python\nprint('hello world, how are you doing today')\n```", "vi"),
    ],
)
def test_the_language_is_the_label_of_its_confidence(scored: Score, answer: str, language: str) -> None:
    result = scored(answer)
    assert result.labels["Language"] == language
    assert 0.5 <= result.scores["Language"] <= 1


@pytest.mark.parametrize("answer", ["OK", "42", "Hello"])
def test_a_short_text_has_no_language(scored: Score, answer: str) -> None:
    assert scored(answer).skips["Language"] == "too_short"


@pytest.mark.parametrize(
    ("answer", "swears"),
    [
        ("You are a fucking idiot.", True),
        ("Đồ chó, mày cút đi cho khuất mắt tao.", True),
        ("dit me may, noi gi ngu vay", True),
        ("vãi lồn thật, không tin được luôn", True),
        ("The committee approved the budget for the new library.", False),
        ("Hộp sữa này là lon lớn, giá 20.000 đồng.", False),
        ("Buổi chiều chúng tôi đi dạo ở công viên.", False),
        ("Mua mot lon nuoc ngot va mot cai banh.", False),
    ],
)
def test_swearing_is_told_in_english_and_vietnamese(scored: Score, answer: str, swears: bool) -> None:
    assert (scored(answer).scores["Profanity"] > 0.7) == swears


def test_sentiment_tells_good_from_bad_in_english_only(scored: Score) -> None:
    good = scored("What a wonderful idea! I love it, and the result is great.").scores["Sentiment"]
    bad = scored("This is terrible. I hate it, and the result is awful.").scores["Sentiment"]
    assert good > 0.4 > -0.4 > bad
    assert scored("Ý tưởng này thật tuyệt vời, tôi rất thích.").skips["Sentiment"] == "language_unsupported"


def test_simple_sentences_read_more_easily(scored: Score) -> None:
    assert scored(SIMPLE).scores["Reading Ease"] > 90
    assert scored(HARD).scores["Reading Ease"] < 10
    assert scored("Too short to tell.").skips["Reading Ease"] in {"too_short", "language_unsupported"}


def test_reading_ease_is_flesch_s_formula(scored: Score) -> None:
    """One sentence of 30 words, 32 syllables in all; what is easier than 100 is 100."""
    assert scored(SIMPLE).scores["Reading Ease"] == 100.0
    doubled = SIMPLE.replace(". ", " and ").replace("day", "holiday")
    assert scored(doubled).scores["Reading Ease"] == pytest.approx(206.835 - 1.015 * 30 - 84.6 * 32 / 30, abs=0.01)


def test_figures_are_taken_from_the_event(scored: Score) -> None:
    result = scored("Paris.", seconds=1.25, pii_found=2)
    assert (result.scores["Response Time"], result.scores["PII found"], result.scores["Text Length"]) == (1.25, 2, 6)
    without = scored("Paris.")
    assert (without.skips["Response Time"], without.skips["PII found"]) == ("no_time", "not_scanned")


def test_tokens_of_reasoning_and_repeated_words_are_not_efficient(scored: Score) -> None:
    answer = "The river rises in the hills and reaches the sea near the old harbour."
    assert scored(answer, completion_tokens=20).scores["Token Efficiency"] == 1.0
    assert scored(answer, completion_tokens=20, reasoning_tokens=15).scores["Token Efficiency"] == 0.25
    assert scored(answer * 10, completion_tokens=200).scores["Token Efficiency"] < 0.2
    assert scored(answer).skips["Token Efficiency"] == "no_tokens"


SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
OBJECT = {"type": "json_object"}


def schema(value: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "person", "schema": value}}


@pytest.mark.parametrize(
    ("answer", "form", "value", "label"),
    [
        ('{"a": 1}', OBJECT, 1.0, "valid"),
        ('```json\n{"a": 1}\n```', OBJECT, 0.0, "no_json"),
        ("[1, 2]", OBJECT, 0.0, "no_object"),
        ('{"a": NaN}', OBJECT, 0.0, "no_json"),
        ('{"age": 41}', schema(SCHEMA), 1.0, "valid"),
        ('{"age": "old"}', schema(SCHEMA), 0.0, "against_schema"),
        ('{"age": 41}', {"type": "json_schema", "name": "person", "schema": SCHEMA}, 1.0, "valid"),
    ],
)
def test_json_is_valid_where_it_is_what_was_asked_for(
    scored: Score, answer: str, form: dict[str, Any], value: float, label: str
) -> None:
    result = scored(answer, response_format=form)
    assert (result.scores["JSON validity"], result.labels["JSON validity"]) == (value, label)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (None, "json_not_asked"),
        ({"type": "text"}, "json_not_asked"),
        (schema({"type": "nonsense"}), "schema_unusable"),
        (schema({"properties": {"age": {"pattern": "("}}}), "schema_unusable"),
        (schema({"$ref": "http://127.0.0.1:9/schema.json"}), "schema_unusable"),
        (schema({"$ref": "file:///etc/passwd"}), "schema_unusable"),
    ],
)
def test_a_schema_that_cannot_be_used_is_skipped_and_nothing_is_fetched(
    scored: Score, form: dict[str, Any] | None, reason: str
) -> None:
    assert scored(json.dumps({"age": "41"}), response_format=form).skips["JSON validity"] == reason


def test_the_quick_way_of_the_profanity_model_gives_what_its_library_gives() -> None:
    vocabulary = [*vectorizer.vocabulary_, "unheard-of", "the", "!", "ß", "İstanbul"]
    random = Random(1)
    made = [" ".join(random.choices(vocabulary, k=random.randint(1, 80))) for _ in range(300)]
    texts = [SIMPLE, HARD, "What the hell is this shit?", "", "stupid", *made]
    assert probabilities() is not predict_prob
    assert list(probabilities()(texts)) == pytest.approx(list(predict_prob(texts)), abs=1e-9)


def test_a_profanity_model_of_another_kind_is_left_to_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(swearing.UNDERSTOOD, "lowercase", False)
    assert probabilities() is predict_prob
