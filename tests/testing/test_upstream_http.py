import asyncio
import json
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from inferspect.testing.upstream import UpstreamSimulator

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


@pytest.fixture
def connection(upstream: UpstreamSimulator) -> Iterator[socket.socket]:
    upstream.reset()
    with connect(upstream) as connection:
        yield connection


def connect(upstream: UpstreamSimulator) -> socket.socket:
    url = httpx.URL(upstream.url)
    return socket.create_connection((url.host, url.port))


def chat(model: str = "demo", content: str = "Hi", **fields: object) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": content}], **fields}).encode()


def post(body: bytes, headers: str = "", version: str = "1.1", path: str = CHAT) -> bytes:
    head = f"POST {path} HTTP/{version}\r\nhost: x\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer with a content-length: status, headers, body."""
    file = connection.makefile("rb", buffering=0)
    status = int(file.readline().split()[1])
    headers = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(": ")
        headers[name] = value
    body = b""
    while len(body) < int(headers["content-length"]):
        body += file.read(int(headers["content-length"]) - len(body)) or b""
    return status, headers, body


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def answer_text(body: bytes) -> str:
    return str(json.loads(body)["choices"][0]["message"]["content"])


def test_a_connection_serves_many_requests(connection: socket.socket) -> None:
    """A connection is kept alive from one request to the next."""
    for number in range(3):
        connection.sendall(post(chat(content=f"number {number}")))
        assert f"number {number}" in answer_text(read_answer(connection)[2])


def test_pipelined_requests_are_answered_in_their_order(connection: socket.socket) -> None:
    """Requests that come at once are answered one after another, slow ones before quick ones that came later."""
    models = ["latency-50ms", "demo", "latency-20ms+demo", "demo"]
    connection.sendall(b"".join(post(chat(model, f"number {index}")) for index, model in enumerate(models)))
    for index in range(len(models)):
        assert f"number {index}" in answer_text(read_answer(connection)[2])


def test_a_thousand_pipelined_requests_wait_for_a_slow_one(connection: socket.socket) -> None:
    """However many requests wait behind a slow one, each is answered."""
    requests = post(chat("latency-50ms")) + b"".join(post(chat(content=f"number {index}")) for index in range(1000))
    sender = threading.Thread(target=connection.sendall, args=(requests,))
    sender.start()
    read_answer(connection)
    for index in range(1000):
        assert f"number {index}" in answer_text(read_answer(connection)[2])
    sender.join()


def test_a_pipelined_request_follows_a_stream(connection: socket.socket) -> None:
    """A stream's end leaves the connection ready for the next answer."""
    connection.sendall(post(chat("tokens-3", stream=True)) + post(chat(), "connection: close\r\n"))
    received = read_to_end(connection)
    stream, _, whole = received.partition(b"0\r\n\r\n")
    assert stream.count(b'"content":') == 4
    assert b"[DONE]" in stream
    assert whole.startswith(b"HTTP/1.1 200 OK")


def test_requests_may_arrive_byte_by_byte(connection: socket.socket) -> None:
    """Borders of network packets mean nothing."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in post(chat(content="slowly")):
        connection.send(bytes([byte]))
    assert "slowly" in answer_text(read_answer(connection)[2])


def test_chunked_bodies_are_read(upstream: UpstreamSimulator) -> None:
    """A body without a length, in chunks of any size, is put together."""
    body = chat("echo", "in pieces")
    upstream.clear()
    response = httpx.post(upstream.url + CHAT, content=(body[start : start + 7] for start in range(0, len(body), 7)))
    assert upstream.received[-1].headers["transfer-encoding"] == "chunked"
    assert answer_text(response.content) == body.decode()


def test_bodies_of_many_megabytes_are_read(upstream: UpstreamSimulator) -> None:
    """A large body is received whole and comes back whole, even to a client that reads late."""
    body = chat("echo", "x" * 20_000_000)
    with httpx.Client(timeout=None) as client:  # noqa: S113 - a busy machine may take its time
        assert answer_text(client.post(upstream.url + CHAT, content=body).content) == body.decode()


def test_a_slow_reader_holds_a_stream_back(connection: socket.socket, upstream: UpstreamSimulator) -> None:
    """A client that does not read stops the stream instead of filling memory, and gets all of it in the end."""
    connection.sendall(post(chat("tokens-50000", stream=True), "connection: close\r\n"))
    assert httpx.get(f"{upstream.url}/_simulator/health").json()["status"] == "ok"
    assert read_to_end(connection).count(b'"content":') == 50_001


def test_large_bodies_are_asked_for(connection: socket.socket) -> None:
    """A client that waits for `100 Continue`, as curl does, gets it."""
    request = post(chat(), "expect: 100-continue\r\n")
    head, _, body = request.partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\n\r\n")
    assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)
    assert read_answer(connection)[0] == 200


@pytest.mark.parametrize("stream", [False, True])
def test_old_clients_are_served(connection: socket.socket, stream: bool) -> None:
    """HTTP/1.0 knows neither chunks nor keep-alive, so the end of the connection ends the answer."""
    connection.sendall(post(chat(stream=stream), version="1.0"))
    received = read_to_end(connection)
    assert b"transfer-encoding" not in received
    assert b"connection: close" in received
    assert received.endswith(b"data: [DONE]\n\n" if stream else b"}")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(connection: socket.socket, request_bytes: bytes) -> None:
    """What cannot be served as HTTP/1.1 gets a 400 with the reason, and the connection ends."""
    connection.sendall(request_bytes)
    assert read_to_end(connection).startswith(b"HTTP/1.1 400 Bad Request")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b'{"model": "\xff"}', b"null"])
@pytest.mark.parametrize("path", [CHAT, "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages"])
def test_malformed_json_is_refused(upstream: UpstreamSimulator, path: str, body: bytes) -> None:
    """A body that is no JSON object gives status 400 in the API's shape."""
    response = httpx.post(upstream.url + path, content=body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert ("type" in response.json()) == (path == "/v1/messages")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/chat/completions", 200),
        ("POST", "/v1/chat/completions/?api-version=1", 200),
        ("GET", "/models", 200),
        ("HEAD", "/v1/models", 200),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/images/variations", 404),
        ("GET", "/", 404),
        ("GET", "/_simulator/nothing", 404),
    ],
)
def test_paths_are_served_with_and_without_v1(upstream: UpstreamSimulator, method: str, path: str, status: int) -> None:
    """Each endpoint answers below `/v1` and below the root; the others say that they do not exist."""
    response = httpx.request(method, upstream.url + path, content=chat() if method == "POST" else None)
    assert response.status_code == status
    assert status == 200 or "message" in response.json()["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, chat("cut-stream-after-3", stream=True)),
        ("/v1/completions", json.dumps({"model": "cut-stream-after-3", "prompt": "Hi", "stream": True}).encode()),
        ("/v1/responses", json.dumps({"model": "cut-stream-after-3", "input": "Hi", "stream": True}).encode()),
        ("/v1/messages", chat("cut-stream-after-3", stream=True, max_tokens=9)),
    ],
)
def test_a_cut_stream_ends_after_its_chunks(upstream: UpstreamSimulator, path: str, body: bytes) -> None:
    """The connection is dropped after exactly the commanded number of events, without an end of the stream."""
    events: list[str] = []
    with (
        httpx.stream("POST", upstream.url + path, content=body) as response,
        pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"),
    ):
        events.extend(line for line in response.iter_lines() if line.startswith("data: "))
    assert response.status_code == 200
    assert len(events) == 3


def test_a_stream_that_is_shorter_than_the_cut_is_whole(upstream: UpstreamSimulator) -> None:
    """A cut that would come after the stream's end has no effect."""
    response = httpx.post(upstream.url + CHAT, content=chat("cut-stream-after-1000", stream=True))
    assert response.text.endswith("data: [DONE]\n\n")


def test_a_cut_whole_answer_breaks_off_in_its_middle(upstream: UpstreamSimulator) -> None:
    """An answer without events is cut after half of its body."""
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        httpx.post(upstream.url + CHAT, content=chat("cut-stream-after-0"))


def test_a_failing_answer_that_is_not_streamed_is_an_error(upstream: UpstreamSimulator) -> None:
    """`fail-mid-stream` has no middle to fail in when nothing is streamed."""
    assert httpx.post(upstream.url + CHAT, content=chat("fail-mid-stream")).status_code == 500


@pytest.mark.parametrize(("model", "stream"), [("hang", False), ("hang", True), ("hang-stream-after-0", False)])
async def test_a_client_that_gives_up_frees_its_connection(model: str, stream: bool) -> None:
    """A hanging answer lasts until the client leaves, and leaves nothing behind."""
    with UpstreamSimulator() as upstream:
        url = httpx.URL(upstream.url)
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(post(chat(model, stream=stream)))
        while not upstream.received:
            await asyncio.sleep(0.005)
        assert upstream.connections == 1
        writer.close()
        while upstream.connections:
            await asyncio.sleep(0.005)


def test_a_stream_can_stall(connection: socket.socket, upstream: UpstreamSimulator) -> None:
    """`hang-stream-after` sends its events and then nothing, with the connection open."""
    connection.sendall(post(chat("hang-stream-after-2", stream=True)))
    received = b""
    while received.count(b"data: ") < 2:
        received += connection.recv(65536)
    # Whatever else the server had to send would have been sent before it answers another client.
    httpx.get(f"{upstream.url}/_simulator/health").raise_for_status()
    connection.setblocking(False)
    with pytest.raises(BlockingIOError):
        connection.recv(1)


def test_latency_holds_the_answer_back(upstream: UpstreamSimulator) -> None:
    """An answer never comes before its latency has passed, be it whole, streamed or an error."""
    for body in (chat("latency-60ms"), chat("latency-60ms", stream=True), chat("error-500+latency-60ms")):
        assert httpx.post(upstream.url + CHAT, content=body).elapsed.total_seconds() >= 0.06


def test_speed_spreads_tokens_over_time(upstream: UpstreamSimulator) -> None:
    """Twenty tokens at 100 a second take a fifth of a second, whole or streamed."""
    for stream in (False, True):
        response = httpx.post(upstream.url + CHAT, content=chat("tokens-20+speed-100tps", stream=stream))
        assert response.elapsed.total_seconds() >= 0.2


def test_a_paced_stream_comes_piece_by_piece(connection: socket.socket, upstream: UpstreamSimulator) -> None:
    """With a speed, the first pieces are there long before the last, which comes all the same."""
    connection.sendall(post(chat("tokens-20000+speed-20tps", stream=True)))
    received = b""
    while received.count(b'"content":') < 3:
        received += connection.recv(65536)
    assert b"[DONE]" not in received
    with connect(upstream) as other:
        other.sendall(post(chat("tokens-4+speed-20tps", stream=True), "connection: close\r\n"))
        assert b"[DONE]" in read_to_end(other)
