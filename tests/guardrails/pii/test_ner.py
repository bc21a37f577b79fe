import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from guardrails.pii.ner import load_ner_recognizers
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan
from inferspect.tenancy.entities import ENTITIES

NAMES = {
    "PERSON": ["Jane Miller", "Đỗ Văn An", "Ursula von der Leyen", "Łukasz", "王伟", "<<<<"],
    "GPE": ["Berlin", "Huế"],
    "ORG": ["Acme Corp."],
    "NORP": ["Buddhist"],
    "DATE": ["3 May", "yesterday"],
    "BADGE": ["Badge 7"],
}


@pytest.fixture(autouse=True)
def _entities_as_before() -> Iterator[None]:
    before = dict(ENTITIES)
    yield
    ENTITIES.clear()
    ENTITIES.update(before)


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spaCy pipeline on disk that knows a few names: what an operator's model is to us."""
    import spacy  # noqa: PLC0415

    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": label, "pattern": name} for label, names in NAMES.items() for name in names])
    folder = tmp_path_factory.mktemp("model") / "names"
    pipeline.to_disk(folder)
    return folder


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, model: Path) -> Write:
    def written(**given: object) -> Path:
        mapping = {"PERSON": "PERSON", "GPE": "LOCATION", "ORG": "ORGANIZATION", "NORP": "NRP", "DATE": "DATE_TIME"}
        configuration = {
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": str(model)}],
            "ner_model_configuration": {
                "model_to_presidio_entity_mapping": mapping | {"BADGE": "BADGE_NUMBER"},
                "labels_to_ignore": [],
            },
        } | given
        file = tmp_path / "nlp.yaml"
        file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
        return file

    return written


def found(plan: Plan, text: str, size: int = 10_000) -> list[tuple[str, str]]:
    scan = Scan(plan)
    steps = [step for at in range(0, len(text), size) for step in scan.feed(text[at : at + size])] + list(scan.finish())
    return [(f.entity, step.text[f.start : f.end]) for step in steps for f in step.findings]


@pytest.mark.usefixtures("_no_network")
def test_names_are_found_by_the_model(write: Write) -> None:
    plan = Plan(load_ner_recognizers(write()))
    text = "Jane Miller of Acme Corp. met Đỗ Văn An, a Buddhist, in Huế on 3 May. Then Łukasz came."
    expected = [
        ("PERSON", "Jane Miller"),
        ("ORGANIZATION", "Acme Corp."),
        ("PERSON", "Đỗ Văn An"),
        ("NRP", "Buddhist"),
        ("LOCATION", "Huế"),
        ("DATE_TIME", "3 May"),
        ("PERSON", "Łukasz"),
    ]
    assert found(plan, text) == expected
    assert found(plan, text, 1) == expected
    assert found(plan, text, 7) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i met jane miller yesterday", []),
        ("so it was Ursula von der Leyen again", [("PERSON", "Ursula von der Leyen")]),
        ("我是 王伟 。", [("PERSON", "王伟")]),
        ("nothing here, 12 or 13 times", []),
        ("A capital, and no name", []),
        ("(Berlin)", [("LOCATION", "Berlin")]),
        ("Badge 7 is lost", [("BADGE_NUMBER", "Badge 7")]),
    ],
)
def test_what_is_no_name_is_left_alone(write: Write, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(Plan(load_ner_recognizers(write())), text) == expected


def test_what_stands_for_a_value_is_never_a_name(write: Write) -> None:
    """This model takes the blanks in place of values for a person, as real ones may."""
    assert found(Plan(load_ner_recognizers(write())), "Berlin-Berlin. Berlin/Jane Miller.Berlin") == [
        ("LOCATION", "Berlin"),
        ("LOCATION", "Berlin"),
        ("LOCATION", "Berlin"),
        ("PERSON", "Jane Miller"),
        ("LOCATION", "Berlin"),
    ]


def test_a_name_that_begins_before_the_window_counts_from_there(write: Write) -> None:
    (person,) = [each for each in load_ner_recognizers(write()) if each.entity == "PERSON"]
    text = "with Jane Miller"
    (finding,) = person.find(text, 10, len(text))
    assert text[finding.start : finding.end] == "Miller"


def test_the_model_runs_once_for_all_its_entities(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415

    texts = []
    analyze = AnalyzerEngine.analyze

    def counted(self: AnalyzerEngine, text: str, language: str) -> object:
        texts.append(text)
        return analyze(self, text, language)

    monkeypatch.setattr(AnalyzerEngine, "analyze", counted)
    assert found(Plan(load_ner_recognizers(write())), "we saw Jane Miller there") == [("PERSON", "Jane Miller")]
    assert len(texts) == 1


def test_scores_are_the_model_s(write: Write) -> None:
    path = write()
    path.write_text(path.read_text().replace("labels_to_ignore: []", "default_score: 0.6"), encoding="utf-8")
    (person,) = [each for each in load_ner_recognizers(path) if each.entity == "PERSON"]
    assert [each.score for each in person.find("Jane Miller", 0, 11)] == [0.6]


def test_each_language_has_its_model(write: Write, model: Path) -> None:
    both = [{"lang_code": language, "model_name": str(model)} for language in ("en", "vi")]
    assert found(Plan(load_ner_recognizers(write(models=both))), "in Berlin") == [("LOCATION", "Berlin")]


def test_an_entity_of_the_operator_s_is_known_and_opt_in(write: Write) -> None:
    load_ner_recognizers(write())
    assert ENTITIES["BADGE_NUMBER"].opt_in
    assert all(ENTITIES[name].opt_in for name in ("PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"))


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"models": [{"lang_code": "en", "model_name": "en_no_such_model"}]}, "en_no_such_model is not installed"),
        ({"nlp_engine_name": "slim"}, "finds no names"),
        ({"nlp_engine_name": "no_op"}, "finds no names"),
        ({"nlp_engine_name": "stanza"}, "stanza"),
        ({"nlp_engine_name": "nonsense"}, "nonsense"),
        ({"models": [{"lang_code": "en"}]}, "model_name"),
    ],
)
def test_a_wrong_configuration_is_an_error_that_names_the_file(
    write: Write, given: dict[str, object], message: str
) -> None:
    """And nothing is fetched from the internet, as Presidio would."""
    with pytest.raises(ValueError, match=rf"nlp\.yaml.*{message}"):
        load_ner_recognizers(write(**given))


def test_a_missing_or_broken_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        load_ner_recognizers(tmp_path / "none.yaml")
    broken = tmp_path / "nlp.yaml"
    for content in ("models: [", "", "just text"):
        broken.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match=r"nlp\.yaml"):
            load_ner_recognizers(broken)


def test_without_a_model_nothing_of_presidio_s_engine_is_loaded() -> None:
    program = (
        "import sys; import guardrails.pii.ner;"
        "assert not [name for name in sys.modules if name.startswith(('spacy', 'presidio', 'litellm'))]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
