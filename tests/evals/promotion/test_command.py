"""``inferspect eval promote`` as a person calls it."""

from __future__ import annotations

import json
import uuid
from importlib.metadata import EntryPoints
from pathlib import Path
from typing import Any

import pytest

from evals.suites.core_yaml import read_yaml
from tests.evals.promotion.conftest import Plant, Run
from tests.evals.promotion.recorded import PROMPT, Recorded, make_suite

EMAIL, CARD, PHONE, NAME = "jane.roe@example.org", "4111 1111 1111 1111", "+84 912 345 678", "Jane Roe-Miller"
TOPICS = (
    "jacket", "parcel", "voucher", "invoice", "newsletter", "password", "catalogue", "warranty", "receipt", "wishlist",
)  # fmt: skip


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return make_suite(tmp_path / "promptfoo")


def cases_of(suite: Path) -> list[dict[str, Any]]:
    found = read_yaml(suite / "cases" / "promoted.yaml")
    assert isinstance(found, list)
    return found


def files(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())


def test_ten_bad_traces_among_many_are_found_by_their_score(run: Run, plant: Plant, suite: Path) -> None:
    bad = [
        Recorded(
            f"What about my {topic}, order {number}?",
            "Umbrellas are out of stock until spring.",
            {"Relevance": number / 100},
        )
        for number, topic in enumerate(TOPICS)
    ]
    good = [Recorded(f"Question {number}?", f"Answer {number} fits.", {"Relevance": 0.9}) for number in range(200)]
    plant(*good[:120], *bad, *good[120:])
    result = run("--worst", 10, "--by", "Relevance", "--since", "1d", "--yes")
    assert result.exit_code == 0, result.output
    cases = cases_of(suite)
    assert [case["metadata"]["source"][0]["request_id"] for case in cases] == [one.id for one in bad]
    assert [case["vars"]["question"] for case in cases] == [one.question for one in bad]
    assert all({"type": "not-icontains", "value": bad[0].answer} in case["assert"] for case in cases)
    assert len({case["description"] for case in cases}) == 10


def test_nothing_personal_is_in_any_file_though_the_tenants_guardrails_were_off(
    run: Run, plant: Plant, suite: Path
) -> None:
    question = f"My name is {NAME}, write to {EMAIL} or call {PHONE}. Card {CARD} was charged twice, why?"
    told = {
        "user_id": "jane.roe.77", "end_user": EMAIL, "session_id": "session-of-jane", "client_address": "203.0.113.77",
        "key_alias": "janes-key", "client_request_id": "jane-1", "tags": [NAME], "trace_name": NAME,
    }  # fmt: skip
    answer = f"Dear {NAME}, we wrote to {EMAIL} about {CARD}. Please wait. Greetings to jane.roe.77 at 203.0.113.77."
    (request_id,) = plant(Recorded(question, answer, told=told))
    result = run(request_id, "--why", f"{EMAIL} complained")
    assert result.exit_code == 0, result.output
    written = files(suite) + result.output
    for planted in (EMAIL, CARD, PHONE, NAME, "Roe", "jane", "203.0.113.77", "session-of", "developer", "customer"):
        assert planted not in written
    assert "<EMAIL_ADDRESS>" in written
    assert "was charged twice, why?" in written


def test_promoting_twice_changes_nothing(run: Run, plant: Plant, suite: Path) -> None:
    plant(*(Recorded(f"Where is my {topic}?", scores={"Relevance": 0.1}) for topic in TOPICS))
    run("--worst", 5, "--by", "Relevance", "--yes")
    before = files(suite)
    result = run("--worst", 5, "--by", "Relevance", "--yes")
    assert result.exit_code == 0
    assert files(suite) == before
    assert "5 there already" in result.output


def test_requests_that_ask_the_same_are_one_case(run: Run, plant: Plant, suite: Path) -> None:
    first, second = plant(Recorded("Where is my parcel?"), Recorded("where is  MY parcel?"))
    assert "1 promoted, 1 merged" in run(first, second).output
    (case,) = cases_of(suite)
    assert [source["request_id"] for source in case["metadata"]["source"]] == [first, second]


def test_what_a_case_by_hand_asks_already_is_not_added(run: Run, plant: Plant, tmp_path: Path) -> None:
    suite = make_suite(tmp_path / "promptfoo", [{"description": "parcel", "vars": {"question": "Where is my parcel?"}}])
    (request_id,) = plant(Recorded("Where is my parcel?"))
    assert "asks the same as the case: parcel (by-hand.yaml)" in run(request_id).output
    assert not (suite / "cases" / "promoted.yaml").exists()


def test_a_dry_run_shows_the_difference_and_writes_nothing(run: Run, plant: Plant, suite: Path) -> None:
    (request_id,) = plant(Recorded())
    result = run(request_id, "--dry-run")
    assert f'+      - request_id: "{request_id}"' in result.output
    assert not (suite / "cases" / "promoted.yaml").exists()


def test_many_are_written_only_when_a_person_says_so(run: Run, plant: Plant, suite: Path) -> None:
    plant(Recorded(scores={"Relevance": 0.1}))
    result = run("--worst", 1, "--by", "Relevance", input="n\n")
    assert result.exit_code == 1
    assert not (suite / "cases" / "promoted.yaml").exists()
    unanswered = run("--worst", 1, "--by", "Relevance", input="")
    assert (unanswered.exit_code, "--yes writes without asking" in unanswered.output) == (1, True)
    assert not (suite / "cases" / "promoted.yaml").exists()
    assert run("--worst", 1, "--by", "Relevance", input="y\n").exit_code == 0
    assert len(cases_of(suite)) == 1


def test_failed_and_blocked_requests_say_what_is_to_be_otherwise(run: Run, plant: Plant, suite: Path) -> None:
    plant(
        Recorded("Where is my jacket?", None, told={"result": "failure", "status": 504, "code": "timeout"}),
        Recorded("Where is my parcel?", "x", told={"result": "blocked", "status": 400, "code": "pii_blocked"}),
        Recorded("Who?", None, kept=False, told={"result": "blocked", "status": 400, "code": "pii_blocked"}),
        Recorded("Fine?"),
    )
    assert run("--failed", "--blocked", "--yes").exit_code == 0
    by_question = {case["vars"]["question"]: case for case in cases_of(suite)}
    assert by_question.keys() == {"Where is my jacket?", "Where is my parcel?"}
    assert by_question["Where is my jacket?"]["metadata"]["source"][0]["why"] == "failed: timeout (504)"
    assert by_question["Where is my parcel?"]["assert"] == [{"type": "guardrails"}]


def test_a_blocked_request_that_was_never_kept_can_be_handed_in(
    run: Run, plant: Plant, suite: Path, tmp_path: Path
) -> None:
    (request_id,) = plant(Recorded(kept=False, told={"result": "blocked", "status": 400, "code": "pii_blocked"}))
    refused = run(request_id)
    assert refused.exit_code == 1
    assert "the store has no content of it" in refused.output
    text = tmp_path / "question.txt"
    text.write_text(f"Is {EMAIL} a valid address?")
    assert run(request_id, "--question", text).exit_code == 0
    (case,) = cases_of(suite)
    assert case["vars"] == {"question": "Is <EMAIL_ADDRESS> a valid address?"}
    assert case["assert"] == [{"type": "guardrails"}]


def test_of_many_the_most_different_are_kept(run: Run, plant: Plant, suite: Path) -> None:
    alike = [
        Recorded(f"Where is my parcel with the number {number}?", scores={"Relevance": number / 100})
        for number in range(8)
    ]
    others = [
        Recorded("Tôi muốn đổi mật khẩu.", scores={"Relevance": 0.5}),
        Recorded("Write a sonnet on rain.", scores={"Relevance": 0.6}),
    ]
    plant(*alike, *others)
    assert "7 left out" in run("--worst", 10, "--by", "Relevance", "--diverse", 3, "--yes").output
    assert {case["vars"]["question"] for case in cases_of(suite)} == {
        alike[0].question,
        *(one.question for one in others),
    }


def test_scores_without_a_bad_end_ask_for_one(run: Run, plant: Plant, suite: Path) -> None:
    plant(Recorded("Short?", "a", {"Text Length": 1.0}), Recorded("Long?", "b", {"Text Length": 900.0}))
    assert "--order" in run("--worst", 1, "--by", "Text Length", "--yes").output
    assert run("--worst", 1, "--by", "Text Length", "--order", "highest", "--yes").exit_code == 0
    assert [case["vars"]["question"] for case in cases_of(suite)] == ["Long?"]


def test_of_scores_where_less_is_better_the_highest_are_the_worst(run: Run, plant: Plant, suite: Path) -> None:
    plant(Recorded("Good?", "a", {"Avoided Answer": 0.0}), Recorded("Evaded?", "b", {"Avoided Answer": 1.0}))
    run("--worst", 1, "--by", "Avoided Answer", "--yes")
    assert [case["vars"]["question"] for case in cases_of(suite)] == ["Evaded?"]


def test_only_requests_of_the_tenant_the_model_and_the_time_are_looked_at(run: Run, plant: Plant, suite: Path) -> None:
    low = {"Relevance": 0.1}
    plant(
        Recorded("Ours?", scores=low, told={"tenant_id": "ours", "model": "m"}),
        Recorded("Theirs?", scores=low, told={"tenant_id": "theirs", "model": "m"}),
        Recorded("Other?", scores=low, told={"tenant_id": "ours", "model": "n"}),
        Recorded("Old?", scores=low, told={"tenant_id": "ours", "model": "m"}, hours_ago=30),
    )
    run("--worst", 9, "--by", "Relevance", "--tenant", "ours", "--model", "m", "--since", "1d", "--yes")
    assert [case["vars"]["question"] for case in cases_of(suite)] == ["Ours?"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say which requests"),
        (["--worst", "5"], "--worst and --by go together"),
        (["--worst", "5", "--by", "Relevanz"], "did you mean Relevance"),
        (["--failed", "--since", "yesterday"], "must be a duration"),
        (["--failed", "--var", "customer"], "expected NAME=VALUE"),
        (["--failed", "--question", "x"], "--question is what one request asked"),
        (["--failed", "--embeddings", "m"], "--embeddings is for --diverse"),
        (["--thumbs-down"], "no keys are set"),
    ],
)
def test_what_cannot_be_meant_is_told_as_wrong_input(run: Run, suite: Path, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_request_that_the_store_has_not_is_refused_and_the_others_are_promoted(
    run: Run, plant: Plant, suite: Path
) -> None:
    (request_id,) = plant(Recorded())
    result = run(uuid.uuid4(), request_id)
    assert result.exit_code == 1
    assert "the store has no event of it" in result.output
    assert len(cases_of(suite)) == 1


def test_a_broken_file_is_named_and_left_as_it_is(run: Run, plant: Plant, suite: Path) -> None:
    file = suite / "cases" / "promoted.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("- a: [\n")
    result = run(*plant(Recorded()))
    assert result.exit_code == 1
    assert f"{file}:2" in result.output
    assert file.read_text() == "- a: [\n"


def test_nothing_is_written_where_nothing_redacts(
    run: Run, plant: Plant, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = plant(Recorded())
    monkeypatch.setattr("inferspect.extension.entry_points", lambda **_: EntryPoints())
    result = run(*ids)
    assert result.exit_code == 1
    assert "no package redacts texts" in result.output
    assert not (suite / "cases" / "promoted.yaml").exists()


def test_a_conversation_goes_whole_into_a_suite_of_conversations(run: Run, plant: Plant, tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    suite = make_suite(
        tmp_path / "promptfoo",
        [{"description": "a", "vars": {"messages": messages}}],
        prompt=PROMPT.partition("# user")[0],
    )
    asked = [
        {"role": "system", "content": "Secret rules."},
        {"role": "user", "content": f"I am at {EMAIL}"},
        {"role": "assistant", "content": "Noted."},
        {"role": "user", "content": "Where am I?"},
    ]
    assert run(*plant(Recorded(asked, "On the moon, I suppose."))).exit_code == 0
    (case,) = cases_of(suite)
    assert [message["content"] for message in case["vars"]["messages"]] == [
        "I am at <EMAIL_ADDRESS>",
        "Noted.",
        "Where am I?",
    ]
    assert "Secret rules" not in json.dumps(case)


@pytest.mark.parametrize("personal", [EMAIL, "kunde-4711"])
def test_a_schema_with_something_personal_in_it_is_not_written(
    run: Run, plant: Plant, suite: Path, personal: str
) -> None:
    """Also what only the event knows to be the caller's."""
    schema = {"type": "object", "properties": {personal: {"type": "string"}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    told = {"parameters": {"response_format": form}, "end_user": "kunde-4711"}
    ids = plant(Recorded("Give me JSON.", "No.", {"JSON validity": 0.0}, told=told))
    assert run(*ids).exit_code == 0
    (case,) = cases_of(suite)
    assert case["assert"][0] == {"type": "is-json"}
    assert personal not in files(suite)
