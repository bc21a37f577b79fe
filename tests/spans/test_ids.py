import uuid
from pathlib import Path

import pytest

from inferspect.observation.langfuse import LangfuseSettings
from inferspect.settings import LaunchSettings
from inferspect.spans.ids import is_sampled, trace_id_of
from inferspect.spans.sessions import SessionTraces, session_traces


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_a_share_of_the_traces_is_sampled(rate: float) -> None:
    """As many as the rate says, although some bits of our trace ids are always the same."""
    traces = [trace_id_of(str(uuid.uuid4())) for _ in range(4000)]
    share = sum(is_sampled(trace, rate) for trace in traces) / len(traces)
    assert share == pytest.approx(rate, abs=0.04)


def test_a_larger_share_has_the_smaller_one_in_it() -> None:
    """What is in a share is in each larger one, so consumers with shares of their own see the same traces."""
    for number in range(200):
        trace = uuid.UUID(int=number).bytes
        assert is_sampled(trace, 0.9) or not is_sampled(trace, 0.5)


def test_nobody_else_computes_the_trace_of_a_session() -> None:
    """It follows from the installation's secret: every replica finds it, and no tenant can aim at another's."""
    mine, other = SessionTraces("a salt key"), SessionTraces("another salt key")
    assert mine.id_of("team-1", "conversation") == SessionTraces("a salt key").id_of("team-1", "conversation")
    assert mine.id_of("team-1", "conversation") != other.id_of("team-1", "conversation")


def test_sessions_without_a_secret_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where traces are by session; the launcher's own secret does."""
    monkeypatch.delenv("LITELLM_SALT_KEY", raising=False)
    launch = LaunchSettings(inferspect_home=tmp_path)
    by_session = LangfuseSettings(traces_by="session")
    with pytest.raises(ValueError, match="LITELLM_SALT_KEY"):
        session_traces(by_session, launch)
    assert session_traces(LangfuseSettings(), launch) is None
    (tmp_path / "credentials.json").write_text('{"salt_key": "a salt key"}', encoding="utf-8")
    found = session_traces(by_session, launch)
    assert found is not None
    assert found.id_of("t", "s") == SessionTraces("a salt key").id_of("t", "s")
