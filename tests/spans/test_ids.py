import uuid

import pytest

from inferspect.spans.ids import is_sampled, trace_id_of


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
