"""Streams of Gemini's generateContent, in bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from tests.guardrails.streams.streaming import MASK, SECRET, cut, events_of, masked, sent, server_sent, sizes, texts


def event(*parts: dict[str, Any], index: int = 0, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": finish, "index": index}
    return {"candidates": [candidate], "modelVersion": "m", **fields}


def said(events: list[dict[str, Any]], index: int = 0, *, thought: bool = False) -> str:
    candidates = [candidate for made in events for candidate in made["candidates"] if candidate["index"] == index]
    parts = [part for candidate in candidates for part in candidate["content"]["parts"]]
    return "".join(part.get("text", "") for part in parts if bool(part.get("thought")) == thought)


@given(first=texts, second=texts, thoughts=texts, sizes=sizes)
def test_candidates_and_thoughts_are_redacted_each_as_a_whole(
    first: str, second: str, thoughts: str, sizes: list[int]
) -> None:
    """Two candidates and the thoughts of one do not mix, and the finish reasons come last."""
    events = [event({"text": piece, "thought": True}) for piece in cut(thoughts, sizes)]
    events += [event({"text": piece}) for piece in cut(first, sizes)]
    events += [event({"text": piece}, index=1) for piece in cut(second, sizes)]
    events += [event(finish="STOP"), event(index=1, finish="STOP", usageMetadata={"totalTokenCount": 3})]
    out = sent(cut(b"".join(server_sent(made, name=False) for made in events), [53]))
    got = events_of(out)
    assert said(got) == masked(first)
    assert said(got, 1) == masked(second)
    assert said(got, thought=True) == masked(thoughts)
    assert all(made["modelVersion"] == "m" for made in got)
    finished = [made["candidates"][0].get("finishReason") for made in got]
    assert finished[-1] == "STOP"
    assert finished.count("STOP") == 2
    assert got[-1]["usageMetadata"] == {"totalTokenCount": 3}
    assert SECRET.encode() not in b"".join(out)


def test_the_last_text_goes_out_in_the_event_with_the_finish_reason() -> None:
    """Gemini mostly sends both in one event."""
    got = sent([event({"text": f"to {SECRET[:6]}"}), event({"text": SECRET[6:]}, finish="STOP")])
    assert [said([made]) for made in got] == ["to ", MASK]


def test_function_calls_code_and_sources_are_redacted_each_as_a_whole() -> None:
    """Arguments are an object here; encoded media and signatures pass."""
    call = {"functionCall": {"name": "send", "args": {"to": [SECRET], "n": 2}}, "thoughtSignature": "QUFB@x.org"}
    media = {"inlineData": {"mimeType": "image/png", "data": "QUFB@x.org"}}
    made = event(call, media, {"executableCode": {"language": "PYTHON", "code": f"mail('{SECRET}')"}})
    made["candidates"][0]["groundingMetadata"] = {"webSearchQueries": [f"who is {SECRET}"]}
    made["candidates"][0]["logprobsResult"] = {"chosenCandidates": [{"token": SECRET}]}
    (got,) = sent([made])
    parts = got["candidates"][0]["content"]["parts"]
    assert parts[0]["functionCall"] == {"name": "send", "args": {"to": [MASK], "n": 2}}
    assert parts[1] == media
    assert parts[2]["executableCode"]["code"] == f"mail('{MASK}')"
    assert SECRET not in json.dumps(got)
