import math

import pytest

from guardrails.content_safety.classifier import classified, load_classifier
from guardrails.scanning.finding import Finding


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("json", "package.module:callable"),
        ("json:", "package.module:callable"),
        (":loads", "package.module:callable"),
        ("no_such_module:classify", "cannot be imported"),
        ("json:no_such", "there is no no_such in json"),
        ("json:__doc__", "cannot be called"),
    ],
)
def test_a_wrong_name_is_an_error_that_says_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_classifier(name)


def test_a_classifier_is_found_by_its_name() -> None:
    assert load_classifier("math:sqrt") is math.sqrt
    assert load_classifier("json:JSONDecoder.decode").__name__ == "decode"


def test_its_probabilities_become_findings_over_the_whole_text() -> None:
    assert classified(lambda _: {"hate": 0.7, "self_harm": 0}, "a text") == [
        Finding("CONTENT_HATE", 0, 6, 0.7),
        Finding("CONTENT_SELF_HARM", 0, 6, 0.0),
    ]
    assert classified(lambda _: {"hate": 1}, "") == []


@pytest.mark.parametrize("answer", [{"weather": 0.5}, {"hate": 1.5}, {"hate": float("nan")}, {"hate": -1}])
def test_what_is_no_probability_of_a_category_is_an_error(answer: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="classifier"):
        classified(lambda _: answer, "a text")
