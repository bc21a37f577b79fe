import pytest

from guardrails.scanning.inflection import inflected
from guardrails.scanning.phrase_recognizer import FirstWords, PhraseRecognizer
from guardrails.scanning.phrases import phrases
from guardrails.scanning.plan import Plan
from guardrails.scanning.recognizer import Reading
from guardrails.scanning.scan import Scan

SETS = {"pet": "cat|dog|guinea pig"}


def found(line: str, text: str, reads: Reading = "folded", softened_by: str | None = None) -> list[tuple[str, float]]:
    listed = phrases(0.8, line, SETS, reads)
    recognizer = PhraseRecognizer("CONTENT_CUSTOM", listed, FirstWords([listed], reads), softened_by=softened_by)
    scan = Scan(Plan([recognizer], threshold=0.1))
    steps = [*scan.feed(text), *scan.finish()]
    return [(step.text[f.start : f.end], f.score) for step in steps for f in step.findings]


@pytest.mark.parametrize(
    ("line", "text", "value"),
    [
        ("cat", "a Cat.", "Cat"),
        ("cat|dog", "a dog", "dog"),
        ("cat, dog", "a dog", "dog"),
        ("stab+", "he stabbed", "stabbed"),
        ("feed ?the cat", "feed the cat", "feed the cat"),
        ("feed ?the cat", "feed cat", "feed cat"),
        ("feed * cat", "feed my old cat", "feed my old cat"),
        ("feed … cat", "feed my very old cat", "feed my very old cat"),
        ("feed {pet}", "feed guinea  pig", "feed guinea  pig"),
        ("feed {pet}", "feed\n'dog'", "feed\n'dog"),
        ("feed the cat!", "Feed the cat", "cat"),
        ("don't feed!", "don\u2019t feed", "feed"),
        ("don't feed!", "dont feed", "feed"),
        ("cho ăn!", "CHO ĂN", "ĂN"),
    ],
)
def test_a_phrase_is_found_as_it_is_written(line: str, text: str, value: str) -> None:
    assert found(line, text) == [(value, 0.8)]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("cat", "category"),
        ("cat", "bobcat"),
        ("feed cat", "feed the cat"),
        ("feed cat", "feed. Cat"),
        ("feed * cat", "feed my very old cat"),
        ("feed the cat!", "the cat"),
        ("feed cat", "feed category"),
        ("overfeed the cat!", "feed the cat"),
    ],
)
def test_what_differs_is_not(line: str, text: str) -> None:
    assert found(line, text) == []


def test_diacritics_of_the_first_word_count_where_texts_are_read_with_them() -> None:
    assert found("cho chó", "cho chó", "text") == [("cho chó", 0.8)]
    assert found("cho chó!", "CHO CHÓ", "text") == [("CHÓ", 0.8)]
    assert found("cho chó!", "cho cho", "text") == []
    assert found("chó con", "chó con", "text") == found("chó còn", "chó con", "text") == [("chó con", 0.8)]


def test_a_word_near_a_phrase_softens_it_and_a_far_one_does_not() -> None:
    assert found("kill", "the server: kill it", softened_by=r"\bserver\b") == [("kill", 0.3)]
    assert found("kill", "kill it on the server", softened_by=r"\bserver\b") == [("kill", 0.3)]
    assert found("kill", "the server" + " and so on" * 8 + " kill", softened_by=r"\bserver\b") == [("kill", 0.8)]
    assert found("kill", "kill" + " and so on" * 3 + " server", softened_by=r"\bserver\b") == [("kill", 0.8)]


@pytest.mark.parametrize("line", ["a! b!", "?a b", "* b", "{pets} a", "{pet}! a", "don't!", "a" * 31])
def test_a_list_that_breaks_its_rules_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"phrase|finding|set"):
        phrases(0.5, line, SETS)


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("kill", {"kill", "kills", "killed", "killing"}),
        ("stab", {"stabs", "stabbed", "stabbing"}),
        ("make", {"makes", "made", "making"}),
        ("die", {"dies", "died", "dying"}),
        ("copy", {"copies", "copied", "copying"}),
        ("play", {"plays", "played", "playing"}),
        ("bomb", {"bombs", "bombed", "bombing"}),
        ("box", {"boxes", "boxed", "boxing"}),
        ("man", {"men"}),
    ],
)
def test_words_are_inflected(word: str, forms: set[str]) -> None:
    assert forms <= inflected(word)
    assert f"{word}ly" not in inflected(word)
