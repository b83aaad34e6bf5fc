"""A whole house tells webhooks what its budgets have to say: signed, once for each event, again until it is taken."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from pydantic import SecretStr

from cli.exits import Exit
from providers.simulator.control import Simulator
from tests.cli.test_commands import perdure, reaching
from tests.fixtures.house import Running, running_house
from tests.fixtures.postgres import PostgresServer, create_database
from tests.tools.loopback import Asked, Said, Server, serving
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwTestOnly"
TEN = "sim:sim-tokens-10"
POLICY = "budgets: {on_exceeded: wait}\nmodels:\n  sim:sim-tokens-10: {price: {input: 0, output: 10000}}\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    postgres_server: PostgresServer,
    migrated_template: str,
    temporal_server: EmbeddedTemporal,
    simulator_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Running]:
    """One house for the module, that signs and may reach the loopback."""
    dsn = await create_database(postgres_server, template=migrated_template)
    settings = {"callback_secret": SecretStr(SECRET), "callback_networks": ["127.0.0.0/8"]}
    folder = tmp_path_factory.mktemp("webhooks")
    with Simulator(simulator_server) as control, pytest.MonkeyPatch.context() as patch:
        control.reset()
        async with running_house(dsn, temporal_server, control, folder, patch, **settings) as running:
            yield running
        control.reset()


def checked(one: Asked) -> dict[str, Any]:
    """What was told, its signature checked as the Standard Webhooks specification says."""
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert one.headers["webhook-signature"] == f"v1,{wanted}"
    said: dict[str, Any] = json.loads(one.body)
    assert one.headers["webhook-id"] == f"event_{said['id']}"
    return said


async def told(server: Server, number: int) -> list[dict[str, Any]]:
    """What the server was told, once it was asked so often."""
    async with asyncio.timeout(30):
        while True:
            if len(server.asked) >= number:
                break
            await asyncio.sleep(0.02)
    return [checked(one) for one in server.asked]


async def hook(http: httpx2.AsyncClient, url: str, *events: str) -> str:
    answer = await http.post("/api/webhooks", json={"url": url, "events": list(events)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def settled(http: httpx2.AsyncClient, webhook: str, *states: str) -> dict[str, Any]:
    """The webhook, once its messages are in these states, the newest first."""
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = (await http.get(f"/api/webhooks/{webhook}")).raise_for_status().json()
            if [one["state"] for one in found["deliveries"]] == list(states):
                return found
            await asyncio.sleep(0.05)


async def ask(http: httpx2.AsyncClient, wait: float = 30) -> dict[str, Any]:
    said = {"model": TEN, "content": "Say something.", "knobs": {"max_output_tokens": 10}, "metadata": {"team": "red"}}
    found: dict[str, Any] = (await http.post(f"/api/turns?wait={wait}", json=said)).raise_for_status().json()
    return found


async def test_each_threshold_is_told_once_and_again_until_it_is_taken(house: Running) -> None:
    refusing = Counter[str]()

    def answer(one: Asked) -> Said:
        refusing[one.headers["webhook-id"]] += 1
        return Said(503 if refusing[one.headers["webhook-id"]] == 1 else 204)

    async with house.http() as http, serving(answer) as server:
        await http.put("/api/policies", content=POLICY)
        webhook = await hook(http, f"{server.url}/budgets")
        said = {"scope": "tag", "value": "team=red", "limit": "0.45", "period": "total"}
        budget = (await http.post("/api/budgets", json=said)).raise_for_status().json()["id"]
        answered = await asyncio.gather(*(ask(http) for _ in range(4)))
        assert {one["state"] for one in answered} == {"completed"}
        waiting = (await ask(http, wait=0))["id"]

        # 50 and 80 per cent, exhausted and waiting, each refused once.
        events = await told(server, 8)
        found = await settled(http, webhook, *["delivered"] * 4)
        assert {one["tries"] for one in found["deliveries"]} == {2}
        await http.post(f"/api/turns/{waiting}/cancel")
    assert set(Counter(one["id"] for one in events).values()) == {2}
    by_type = Counter((one["type"], one["data"].get("threshold")) for one in events)
    assert by_type == {
        ("budget.threshold", "50"): 2,
        ("budget.threshold", "80"): 2,
        ("budget.exhausted", None): 2,
        ("budget.waiting", None): 2,
    }
    assert {one["data"]["budget"]["id"] for one in events} == {budget}
    assert next(one for one in events if one["type"] == "budget.waiting")["data"]["turn_id"] == waiting
    assert all("Say something" not in json.dumps(one) for one in events)


async def test_an_address_that_wants_no_more_is_left_alone(house: Running) -> None:
    async with house.http() as http, serving(lambda one: Said(410)) as server:
        webhook = await hook(http, server.url, "budget.exhausted")
        await http.post(f"/api/webhooks/{webhook}/ping")
        assert [one["type"] for one in await told(server, 1)] == ["webhook.ping"]
        found = await settled(http, webhook, "failed")
        assert "410" in found["ended_because"]
        assert (await http.post(f"/api/webhooks/{webhook}/ping")).status_code == 409


async def test_a_webhook_reaches_no_private_address_that_is_not_listed(house: Running) -> None:
    async with house.http() as http:
        webhook = await hook(http, "http://169.254.169.254/latest/meta-data")
        await http.post(f"/api/webhooks/{webhook}/ping")
        async with asyncio.timeout(30):
            while True:
                (one,) = (await http.get(f"/api/webhooks/{webhook}")).json()["deliveries"]
                if one["error"]:
                    break
                await asyncio.sleep(0.05)
        assert "169.254.169.254" in one["error"]
        assert one["state"] == "pending"
        assert (await http.delete(f"/api/webhooks/{webhook}")).status_code == 204


async def test_webhooks_are_an_admins_and_their_workspaces(house: Running) -> None:
    async with house.http() as http:
        for wrong, field in (
            ({"url": "ftp://a/"}, "url"),
            ({"url": "https://u:p@a/"}, "url"),
            ({"url": "https://a.example/", "events": ["webhook.ping"]}, "events.0"),
            ({"url": "https://a.example/", "events": ["budget.gone"]}, "events.0"),
            ({}, "url"),
        ):
            answer = await http.post("/api/webhooks", json=wrong)
            assert (answer.status_code, answer.json()["field"]) == (400, field)
        webhook = await hook(http, "https://a.example/")
        assert (await http.post("/api/webhooks", json={"url": "https://a.example/"})).status_code == 409
        asking = (await http.post("/api/keys", json={"name": "asks", "scopes": ["ask", "read", "budgets"]})).json()
    other = Running(house.url, asking["key"], house.house, house.simulator)
    async with other.http() as http:
        assert (await http.get("/api/webhooks")).status_code == 403
        assert (await http.get(f"/api/webhooks/{webhook}")).status_code == 403
    async with house.http() as http:
        assert (await http.get("/api/webhooks/01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b44")).status_code == 404
        await http.delete(f"/api/webhooks/{webhook}")


async def test_webhooks_from_the_terminal(house: Running) -> None:
    here = reaching(house)
    async with serving(lambda one: Said(200)) as server:
        code, raw, told_ = await perdure(
            "webhooks", "create", server.url, "--event", "budget.waiting", "--json", **here
        )
        assert code == Exit.OK, told_
        webhook = json.loads(raw)["id"]
        assert (await perdure("webhooks", "ping", webhook, **here))[0] == Exit.OK
        await told(server, 1)
        async with house.http() as http:
            await settled(http, webhook, "delivered")
    code, shown, _ = await perdure("webhooks", "show", webhook, **here)
    assert code == Exit.OK
    assert "webhook.ping  delivered, tries: 1" in shown
    _, raw, _ = await perdure("webhooks", "list", "--json", **here)
    assert webhook in [one["id"] for one in json.loads(raw)]
    assert (await perdure("webhooks", "delete", webhook, **here))[0] == Exit.OK
    assert (await perdure("webhooks", "delete", webhook, **here))[0] == Exit.NOT_FOUND
