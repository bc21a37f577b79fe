from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferspect.context import Attempt, RequestContext, Trace, Verdict
from inferspect.events.event import VERSION, GatewayEvent, NewerEventError, event_of
from inferspect.events.withheld import forms_of
from inferspect.refusal import Refusal
from inferspect.tenancy import Tenant, TenantRules


def context() -> RequestContext:
    return RequestContext("7e0b9cb1-0f4e-4d55-b6a5-6a6d5d8d1a11", "/v1/chat/completions", "POST", "192.0.2.1")


def test_an_event_survives_json_unchanged() -> None:
    """What was written to the spool is what is shipped, the time to the microsecond included."""
    served = context()
    served.tenant = Tenant("t", "Tenant", TenantRules())
    served.verdicts.append(Verdict("pii", "modify", "input", {"EMAIL_ADDRESS": 2}, seconds=0.001))
    served.status = 200
    served.outcome.cost = 0.000123
    event = event_of(served, 3, complete=True)
    assert GatewayEvent.from_json(event.to_json()) == event
    assert event.verdicts[0]["counts"] == {"EMAIL_ADDRESS": 2}
    assert (event.tenant_id, event.revision, event.complete) == ("t", 3, True)


@pytest.mark.parametrize(
    ("status", "refused", "stream_failed", "cached", "result"),
    [
        (200, False, False, False, "success"),
        (200, False, False, True, "cached"),
        (200, False, True, True, "failure"),
        (404, False, False, False, "failure"),
        (500, False, False, True, "failure"),
        (403, True, False, False, "blocked"),
        (200, True, True, False, "blocked"),
        (None, False, True, False, "failure"),
    ],
)
def test_the_result_follows_from_refusal_status_and_cache(
    status: int | None, *, refused: bool, stream_failed: bool, cached: bool, result: str
) -> None:
    """A refusal is blocked whatever the status; an answer from the cache is cached only where it is no failure."""
    served = context()
    served.status, served.stream_failed, served.outcome.cache_hit = status, stream_failed, cached
    if refused:
        served.refuse(Refusal(403, "model_not_allowed", "No."))
    event = event_of(served, 1, complete=True)
    assert event.result == result
    assert event.code == ("model_not_allowed" if refused else None)


def test_a_key_without_rules_is_recorded_under_its_team() -> None:
    """A request refused before its tenant was found still says whose it was."""
    served = context()
    served.team_id, served.team_alias = "team-1", "Team"
    event = event_of(served, 1, complete=True)
    assert (event.tenant_id, event.tenant_alias) == ("team-1", "Team")


# Hypothesis' own text has no lone surrogates.
ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(st.sampled_from("a\0\ud800\udfff"))


@given(ANY_TEXT, ANY_TEXT)
def test_whatever_a_client_or_provider_writes_can_be_spooled_and_stored(text: str, other: str) -> None:
    """A lone surrogate is no UTF-8, a NUL no text of PostgreSQL's; neither may cost an event, or hold up the others."""
    served = context()
    served.model, served.end_user, served.client_request_id = text, other, text
    served.identifiers_checked = True
    served.outcome.finish_reason, served.error_code, served.outcome.model = other, text, other
    stored = event_of(served, 1, complete=True).to_json()
    assert b"\\u0000" not in stored
    assert GatewayEvent.from_json(stored).status == 0


def test_ordinary_text_is_kept_as_it_is() -> None:
    """Whatever the language."""
    served = context()
    served.end_user = "Zoë 你好 🙂 \t"
    served.identifiers_checked = True
    assert event_of(served, 1, complete=True).end_user == "Zoë 你好 🙂 \t"


def test_identifiers_that_no_guardrail_has_looked_at_are_not_kept() -> None:
    """A request that is refused before may have anything in them; its place in the caller's trace is digits only."""
    served = context()
    served.end_user = "ada@example.com"
    served.trace = Trace(parent=f"00-{'a' * 32}-{'b' * 16}-01", session_id="ada@example.com", tags=("ada",))
    event = event_of(served, 1, complete=True)
    assert (event.end_user, event.session_id, event.tags) == (None, None, [])
    assert event.trace_parent == served.trace.parent


def test_names_that_no_guardrail_has_looked_at_are_not_kept() -> None:
    """Of a path what is the route's own stays."""
    served = RequestContext("r", "/openai/deployments/ada@example.com/chat/completions", "POST", "192.0.2.1")
    served.model, served.client_request_id = "ada@example.com", "ada"
    event = event_of(served, 1, complete=True)
    assert (event.model, event.client_request_id) == (None, None)
    assert event.route == "/openai/deployments/…/chat/completions"


@pytest.mark.parametrize(
    ("own_id", "is_kept"),
    [
        ("0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("mine-0f8fad5bd9cb469fa16570867728950e", True),
        ("ada@example.com-0f8fad5bd9cb469fa16570867728950e", False),
        ("4556737586899855", False),
        ("customer 7", False),
    ],
)
def test_the_clients_own_id_is_kept_unseen_where_a_machine_made_it(own_id: str, *, is_kept: bool) -> None:
    """By it the client finds requests that were refused at once."""
    served = RequestContext("r", "/v1/chat/completions", "POST", "192.0.2.1", client_request_id=own_id)
    assert event_of(served, 1, complete=True).client_request_id == (own_id if is_kept else None)


def test_a_name_in_which_guardrails_found_something_is_kept_nowhere() -> None:
    """Neither as the model asked for, nor as the one that answered, nor in the path, nor cut."""
    name = "sim/ada@example.com" + "x" * 300 + "\ud800"
    served = RequestContext("r", f"/engines/{name}/completions", "POST", "192.0.2.1")
    served.identifiers_checked = True
    served.withheld = dict.fromkeys(forms_of(name), "<EMAIL_ADDRESS#k3v7qm2xap>")
    served.model, served.outcome.model, served.parameters = name[:256], name, {"tools": [name[:64]]}
    served.attempts = [Attempt(name[:256], name, "openai", "d", 0.1)]
    event = event_of(served, 1, complete=True)
    assert (event.model, event.model_served, event.parameters) == (
        "<EMAIL_ADDRESS#k3v7qm2xap>",
        "<EMAIL_ADDRESS#k3v7qm2xap>",
        {"tools": ["<EMAIL_ADDRESS#k3v7qm2xap>"]},
    )
    assert event.route == "/engines/<EMAIL_ADDRESS#k3v7qm2xap>/completions"
    assert b"ada@" not in event.to_json()


def test_an_event_of_a_newer_version_is_not_guessed_at() -> None:
    """It is told apart from one that is broken, so that it can be kept for a program that reads it."""
    values = json.loads(event_of(context(), 1, complete=True).to_json()) | {"version": VERSION + 1, "new": True}
    with pytest.raises(NewerEventError, match=f"version {VERSION + 1}"):
        GatewayEvent.from_json(json.dumps(values).encode())
