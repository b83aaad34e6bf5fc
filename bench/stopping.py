"""How soon a running turn stops when it is told to."""

import time

import httpx2

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target

SAMPLES = 15


async def measure(target: Target) -> list[Figure]:
    """From the cancel request to the stream's end record, on a slow answer."""
    samples = []
    headers = {"Authorization": f"Bearer {target.key}"}
    async with httpx2.AsyncClient(base_url=target.url, headers=headers, timeout=60) as client:
        for _ in range(SAMPLES):
            accepted = await client.post(
                "/api/turns", json={"model": "sim:sim-tokens-2000-rate-20", "content": "Speak slowly."}
            )
            turn_id = accepted.raise_for_status().json()["id"]
            async with client.stream("GET", f"/api/turns/{turn_id}/events") as events:
                began = 0.0
                async for line in events.aiter_lines():
                    if line == "event: text" and not began:
                        began = time.perf_counter()
                        await client.post(f"/api/turns/{turn_id}/cancel")
                    if line == "event: end":
                        samples.append(time.perf_counter() - began)
                        break
    return [
        Figure("time to stop, p50", milliseconds(quantile(samples, 0.5)), aim="300 ms"),
        Figure("time to stop, worst", milliseconds(max(samples)), aim="300 ms"),
    ]
