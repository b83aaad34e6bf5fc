"""`python -m providers.simulator --port N`: run the simulator until SIGINT or SIGTERM. It prints nothing but errors."""

import argparse
import asyncio
import contextlib
import signal
import sys

import uvloop

from providers.simulator.server import serve


async def _run(host: str, port: int, seed: int) -> None:
    running = asyncio.create_task(serve(host, port, seed=seed))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def main() -> int:
    """Run; 1 where the port is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m providers.simulator", description="Simulate OpenAI, Anthropic and Google."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free port")
    parser.add_argument("--seed", type=int, default=0, help="changes every text")
    given = parser.parse_args()
    try:
        uvloop.run(_run(given.host, given.port, given.seed))
    except OSError as problem:
        print(f"The simulator cannot listen on {given.host}:{given.port}: {problem.strerror}.", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
