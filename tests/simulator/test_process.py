"""The simulator as a process of its own."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "providers.simulator", "--port", str(port)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until_ready(url: str) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            assert httpx2.get(f"{url}/healthz").json() == {"ok": True}
            return
        except httpx2.TransportError:
            assert time.monotonic() < deadline, "the simulator did not start"
            time.sleep(0.02)


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_is_silent_and_stops_with_a_call_in_flight(number: signal.Signals) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = start(port)
    try:
        until_ready(url)
        body = {"model": "sim-stall", "stream": True, "messages": [{"role": "user", "content": "x"}]}
        with httpx2.stream(
            "POST", f"{url}/openai/v1/chat/completions", json=body, headers={"authorization": "Bearer k"}
        ) as answer:
            lines = answer.iter_lines()
            assert "assistant" in next(lines)
            process.send_signal(number)
            stopped = process.communicate(timeout=10)
            with pytest.raises(httpx2.TransportError):
                list(lines)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert stopped == ("", "")


@pytest.mark.real
def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(port)
        _, complaint = process.communicate(timeout=15)
    assert process.returncode == 1
    assert f"127.0.0.1:{port}" in complaint
    assert "Traceback" not in complaint
