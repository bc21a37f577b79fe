import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

BODY = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "inferspect.testing.upstream", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_at_once(number: signal.Signals) -> None:
    """The process ends with open streams, hanging and idle connections, without an error or a complaint."""
    with running() as (process, url), httpx.Client(base_url=url) as client:
        client.get("/_simulator/health").raise_for_status()
        stream = client.stream("POST", "/v1/chat/completions", json={**BODY, "model": "speed-1tps", "stream": True})
        with stream as response:
            lines = response.iter_lines()
            assert next(lines).startswith("data: ")
            process.send_signal(number)
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
        assert process.wait() == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_it_listens_on_loopback_and_a_free_port() -> None:
    """Without options nobody outside this machine can reach the simulator, and two can run at once."""
    with running() as (_, one), running() as (_, other):
        assert httpx.URL(one).host == httpx.URL(other).host == "127.0.0.1"
        assert httpx.URL(one).port != httpx.URL(other).port


def test_script_and_behaviour_are_options(tmp_path: Path) -> None:
    """Answers can come from a YAML file and models' behaviours from the command line."""
    script = tmp_path / "answers.yaml"
    script.write_text("rules:\n  - match: capital of (France|Gaul)\n    answer: Paris.\n", encoding="utf-8")
    with running("--script", str(script), "--behaviour", "gpt-4o=tokens-1") as (_, url):
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body).json()
        assert answer["choices"][0]["message"]["content"] == "The "
        body["messages"] = [{"role": "user", "content": "What is the capital of Gaul?"}]
        answer = httpx.post(f"{url}/v1/chat/completions", json=body).json()
        assert answer["choices"][0]["message"]["content"] == "Paris."


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--script", "no-such-file.yaml"], "no-such-file.yaml"),
        (["--behaviour", "demo"], "MODEL=COMMANDS"),
        (["--behaviour", "demo=eror"], "'eror'"),
        (["--host", "192.0.2.1"], "assign"),
    ],
)
def test_wrong_options_end_with_a_reason(arguments: list[str], reason: str) -> None:
    """What cannot be served is told in one line on standard error, without a traceback."""
    command = [sys.executable, "-m", "inferspect.testing.upstream", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr
