"""What is measured, who is there, and breakers, at the door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from activities.health import Health
from activities.limiting import SharedLimiter
from contracts.errors import ErrorKind
from contracts.health import Observed
from contracts.models import ModelRef
from contracts.policies import Policy
from providers.protocol import ProviderConfig
from providers.registry import build
from providers.simulator.control import Simulator
from storage.limits import PostgresBuckets
from tests.api.conftest import Open
from workers.health import running_health

pytestmark = pytest.mark.real

MODEL = ModelRef(provider="sim", model="sim-fast")


def health_of(opened: Open, name: str = "worker") -> Health:
    return Health(opened.doors.database, process=name, clock=opened.doors.clock, policy=Policy)


@contextlib.asynccontextmanager
async def working(opened: Open, simulator: Simulator) -> AsyncIterator[None]:
    """A worker that shares health and probes."""
    providers = build([ProviderConfig("sim", "openai-chat", "sim-key", simulator.openai_url, simulated=True)])
    limiter = SharedLimiter(PostgresBuckets(opened.doors.database))
    clock = opened.doors.clock
    async with running_health(
        health_of(opened), limiter, opened.doors.database, providers, process="worker", clock=clock
    ):
        yield
    await providers["sim"].close()


async def test_the_figures_of_all_workers_are_shown(opened: Open) -> None:
    for name in ("one", "two"):
        health = health_of(opened, name)
        now = opened.doors.clock()
        health.began(MODEL)
        health.observe(
            Observed(MODEL, now - timedelta(seconds=2), 2.0, first_token=0.4, output_tokens=80), counted=False
        )
        for _ in range(5):
            failed = Observed(ModelRef(provider="sim", model="sim-down"), now, 0.1, kind=ErrorKind.OVERLOADED)
            health.observe(failed, counted=False)
        await health.tell()
    async with opened.http() as http:
        shown = (await http.get("/api/models/stats")).json()
        assert (await http.get("/api/models/stats", params={"provider": "nobody"})).json()["models"] == []
        down, fast = shown["models"]
        assert (fast["model"], fast["in_flight"], fast["breaker"]) == ("sim:sim-fast", 2, "closed")
        assert fast["calls"] == pytest.approx(2, abs=0.01)
        assert fast["tokens_per_second"] == pytest.approx(50)
        assert (down["model"], down["breaker"], down["error_rate"]) == ("sim:sim-down", "open", 1)
        (breaker,) = shown["breakers"]
        assert (breaker["model"], breaker["reason"]) == ("sim-down", "overloaded")
        body = {"provider": "sim", "model": "sim-down"}
        assert (await http.post("/api/models/breakers/reset", json=body)).json()["state"] == "closed"
        assert (await http.get("/api/models/stats")).json()["breakers"] == []
        assert (await http.post("/api/models/breakers/reset", json={"provider": "x"})).status_code == 404


async def test_a_worker_answers_a_health_check(opened: Open, simulator: Simulator) -> None:
    async with working(opened, simulator), opened.http() as http:
        async with asyncio.timeout(10):
            while not (first := (await http.post("/api/models/health-check")).json()["providers"]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (first[0]["provider"], first[0]["ok"], first[0]["fresh"]) == ("sim", True, True)
        simulator.scenario({"error": {"kind": "authentication"}}, match={"endpoint": "models"})
        (second,) = (await http.post("/api/models/health-check", json={"providers": ["sim"]})).json()["providers"]
        assert (second["ok"], second["kind"], second["fresh"]) == (False, "authentication", True)
        assert "sim-key" not in second["message"]
        assert (await http.post("/api/models/health-check", json={"providers": ["nobody"]})).status_code == 404
        assert (await http.post("/api/models/health-check", json={"providers": []})).status_code == 400


async def test_without_a_key_nothing_is_told(opened: Open) -> None:
    async with opened.http("pdr_wrong") as http:
        for method, path in (("GET", "stats"), ("POST", "health-check"), ("POST", "breakers/reset")):
            assert (await http.request(method, f"/api/models/{path}")).status_code == 401
