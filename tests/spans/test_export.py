from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from inferspect.events.delivery import DONE, Rejected, Retry
from inferspect.spans.answers import Refused, judge, wait_of
from inferspect.spans.builder import spans_of
from inferspect.spans.export import Exporter, Parcel, Receiver, Sender
from inferspect.spans.otlp import encode
from inferspect.spans.otlp_http import FORMAT
from inferspect.spans.troubles import LONGEST_PAUSE
from inferspect.testing.otlp import OtlpCollector
from tests.spans.clock import Clock
from tests.spans.events import event

GARBAGE = Parcel(b"\xff\xff\xff\xff")


@pytest.fixture(scope="module")
def running() -> Iterator[OtlpCollector]:
    with OtlpCollector() as started:
        yield started


@pytest.fixture
def collector(running: OtlpCollector) -> OtlpCollector:
    running.reset()
    return running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sender(clock: Clock) -> AsyncIterator[Sender]:
    opened = Sender(5.0, clock)
    yield opened
    await opened.close()


@pytest.fixture
def exporter(sender: Sender) -> Exporter:
    return Exporter(sender, FORMAT, 1024**2)


@pytest.fixture
def receiver(collector: OtlpCollector) -> Receiver:
    return Receiver("test", f"{collector.url}/v1/traces")


def parcel(number: int, spans: int = 3) -> Parcel:
    told = spans_of(event(id=f"00000000-0000-4000-8000-{number:012}"))[:spans]
    return Parcel(encode({"service.name": "test"}, {"common": 1}, [(span, {"a": 1, "b": None}) for span in told]))


async def test_the_one_at_fault_is_found_among_the_others(
    collector: OtlpCollector, exporter: Exporter, receiver: Receiver
) -> None:
    """A batch that is refused is halved until what is refused is alone; the others arrive."""
    parcels = [*(parcel(number) for number in range(5)), GARBAGE, *(parcel(number) for number in range(5, 9)), GARBAGE]
    results = await exporter.send(receiver, parcels)
    assert [type(result) is Rejected for result in results] == [one is GARBAGE for one in parcels]
    assert len({span.trace_id for span in collector.spans()}) == 9


async def test_what_a_receiver_refuses_of_a_success_is_found(
    collector: OtlpCollector, exporter: Exporter, receiver: Receiver
) -> None:
    """A partial success is not taken for a whole one."""
    collector.behave("partial")
    results = await exporter.send(receiver, [parcel(1, spans=3), parcel(2, spans=1)])
    assert results == [Rejected("the receiver refuses 1 spans: told to refuse every other span"), DONE]


async def test_trouble_halfway_leaves_the_rest_for_later(
    collector: OtlpCollector, sender: Sender, receiver: Receiver
) -> None:
    """What arrived is done; what follows the first failure is not tried."""
    exporter = Exporter(sender, FORMAT, 1)
    assert await exporter.send(receiver, [parcel(1)]) == [DONE]
    collector.behave("error-503", requests=1)
    trouble = Retry("the receiver answers 503")
    assert await exporter.send(receiver, [parcel(2), parcel(3)]) == [trouble, trouble]
    assert collector.requests == 2


async def test_a_receiver_asks_for_a_pause_within_bounds(
    collector: OtlpCollector, exporter: Exporter, receiver: Receiver, clock: Clock
) -> None:
    """Longer than it would be left alone anyway, yet an odd answer stops no traces for an hour."""
    for command, pause in (("error-429-retry-after-20", 20.0), ("error-503-retry-after-3600", LONGEST_PAUSE)):
        collector.behave(command, requests=1)
        [first] = await exporter.send(receiver, [parcel(1)])
        assert isinstance(first, Retry)
        assert await exporter.send(receiver, [parcel(1)]) == [Retry(first.reason, pause)]
        clock.seconds += pause
        assert await exporter.send(receiver, [parcel(1)]) == [DONE]


async def test_nothing_is_sent_for_nothing(collector: OtlpCollector, exporter: Exporter, receiver: Receiver) -> None:
    """An empty batch is no request."""
    assert await exporter.send(receiver, []) == []
    assert collector.requests == 0


async def test_trouble_is_logged_once_and_its_end(
    collector: OtlpCollector, exporter: Exporter, receiver: Receiver, clock: Clock
) -> None:
    """An outage of hours is a line when it begins and one when it ends, and is counted all the while."""

    def unauthorized() -> float:
        return REGISTRY.get_sample_value("inferspect_trace_requests_total", labels) or 0.0

    labels = {"consumer": "test", "outcome": "unauthorized"}
    before = unauthorized()
    collector.behave("error-401")
    with capture_logs() as logs:
        for _ in range(3):
            await exporter.send(receiver, [parcel(1)])
            clock.seconds += LONGEST_PAUSE
        collector.recover()
        await exporter.send(receiver, [parcel(1)])
        await exporter.send(receiver, [parcel(1)])
    assert [(line["event"], line.get("why")) for line in logs] == [
        ("traces wait: they do not arrive", "the receiver refuses the key (401)"),
        ("traces arrive again", None),
    ]
    assert unauthorized() - before == 3


ENCODINGS = ("undefined", "hex", "base64", "idna", "utf-16", "zlib", "unicode_escape", "no-such")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_reason_is_read_whatever_it_claims_to_be(encoding: str) -> None:
    """An encoding that does not fit, or that is none of texts, is no reason to fail."""
    headers = {"content-type": f"text/plain; charset={encoding}"}
    found = judge(httpx.Response(400, headers=headers, content=b"\xff odd\n" * 1000))
    assert isinstance(found, Refused)
    assert found.reason.startswith("the receiver refuses it (400): \ufffd odd \ufffd odd")
    assert len(found.reason) < 300


@pytest.mark.parametrize("url", ["http://xn--zz---.com/", "http://\u00e9\u200b.com/", "http://a:b/"])
async def test_an_address_that_is_none_is_trouble(sender: Sender, url: str) -> None:
    """As one that nobody listens on, it keeps only its own deliveries waiting."""
    response, found = await sender.post(Receiver("test", url), b"", {})
    assert response is None
    assert isinstance(found, Retry)


def test_keys_are_in_no_dump_of_a_receiver() -> None:
    """Headers hold keys, and a receiver may turn up in an error."""
    assert "secret" not in repr(Receiver("test", "http://127.0.0.1", {"authorization": "secret"}))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("999999", 3600.0),
        ("nan", None),
        ("inf", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 -0000", 3600.0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 99:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +9999999999999999999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_receiver_says_how_long_to_wait(header: str, seconds: float | None) -> None:
    """A number or a date, within bounds; anything else counts as nothing said."""
    assert wait_of(httpx.Response(429, headers={"retry-after": header})) == seconds


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("application/json", b'{"partialSuccess": null}'),
        ("application/json", b'{"partialSuccess": {"rejectedSpans": "0"}}'),
        ("application/json", b'{"partialSuccess": {"rejectedSpans": []}}'),
        ("application/json", b"[]"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"partialSuccess": {"rejectedSpans": 1e999}}'),
        ("text/html", b"<html>"),
        ("application/x-protobuf", b""),
        ("application/x-protobuf", b"\xff\xff"),
    ],
)
def test_any_other_success_is_a_whole_one(content_type: str, body: bytes) -> None:
    """Receivers answer in JSON, protobuf, or not at all."""
    assert FORMAT.refused(httpx.Response(200, headers={"content-type": content_type}, content=body)) is None


def test_every_value_has_a_form_on_the_wire() -> None:
    """Large numbers and broken texts do not keep a trace from being sent."""
    [span, *_] = spans_of(event())
    told = {"large": 2**70, "text": "\ud800", "texts": ["a", "\ud800"], "yes": True, "none": None, "share": 0.5}
    assert encode({}, {}, [(span, told)])
