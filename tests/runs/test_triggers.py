"""What starts runs by itself, who is told of their ends, and who waits for them."""

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from activities.triggers import StoredTriggerActivities
from contracts.run_activities import TellRun
from domain.signing import key_of, signed, verified
from tests.runs.acting import Document, Runs
from tests.tools.loopback import Asked, Said, serving
from workers.compose import utc_now

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

SECRET = "whsec_" + base64.b64encode(b"of tests alone, and nobody else").decode()
SETTINGS = {"callback_secret": SECRET, "callback_networks": ["127.0.0.0/8"]}
"""Of this module's house."""


def value(name: str, said: Any, **more: Any) -> Document:
    return {"id": name, "kind": "transform", "value": said, **more}


async def post(runs: Runs, path: str, body: Document, status: int = 201) -> Document:
    answer = await runs.http.post(path, json=body)
    assert answer.status_code == status, answer.text
    shown: Document = answer.json()
    return shown


async def until_there(found: Callable[[], Any], patience: float = 30) -> Any:
    async with asyncio.timeout(patience):
        while True:
            what = await found()
            if what:
                return what
            await asyncio.sleep(0.1)


async def runs_of(runs: Runs, name: str, count: int) -> list[Document]:
    """The ended runs of a pipeline, once there are so many, the oldest first."""

    async def found() -> list[Document]:
        data = (await runs.http.get("/api/runs", params={"pipeline": name})).json()["data"]
        ended = [one for one in data if one["finished_at"]]
        return ended[::-1] if len(ended) >= count else []

    whole: list[Document] = await until_there(found)
    return whole


async def test_a_schedule_starts_runs(runs: Runs) -> None:
    await runs.store({"name": "ticking", "inputs": {"at": "string"}, "steps": [value("x", "{{ at }}")]})
    body = {"name": "tick", "pipeline": "ticking", "every": 1, "input": {"at": "{{ at }}"}, "overlap": "allow_all"}
    made = await post(runs, "/api/schedules", body)
    assert len(made["next"]) == 5
    (first, *_) = await runs_of(runs, "ticking", 1)
    assert first["trigger"] == made["id"]
    at = (await runs.get(first["id"]))["output"]["result"]
    assert datetime.fromisoformat(at).microsecond == 0
    path = f"/api/schedules/{made['id']}"
    paused = (await runs.http.patch(path, json={"paused": True})).raise_for_status().json()
    assert paused["paused"]
    assert paused["last"]["error"] is None
    assert (await post(runs, "/api/schedules", body, 409))["field"] == "name"
    assert (await runs.http.delete(path)).status_code == 204
    assert (await runs.http.get(path)).status_code == 404


async def test_a_schedule_makes_up_for_the_past_and_runs_when_told(runs: Runs) -> None:
    await runs.store({"name": "daily", "inputs": {"at": "string"}, "steps": [value("x", "{{ at }}")]})
    body = {
        "name": "at-seven",
        "pipeline": "daily",
        "cron": "0 7 * * *",
        "time_zone": "Europe/Berlin",
        "input": {"at": "{{ at }}"},
        "paused": True,
    }
    made = await post(runs, "/api/schedules", body)
    path = f"/api/schedules/{made['id']}"
    stretch = {"start_at": "2026-03-27T12:00:00Z", "end_at": "2026-03-30T12:00:00Z", "overlap": "allow_all"}
    await post(runs, f"{path}/backfill", stretch, 202)
    found = [await runs.get(one["id"]) for one in await runs_of(runs, "daily", 3)]
    # Clocks go forward on the 29th.
    assert sorted(one["output"]["result"] for one in found) == [
        "2026-03-28T06:00:00+00:00",
        "2026-03-29T05:00:00+00:00",
        "2026-03-30T05:00:00+00:00",
    ]
    await post(runs, f"{path}/run", {}, 202)
    assert len(await runs_of(runs, "daily", 4)) == 4
    assert (await runs.http.delete(path)).status_code == 204


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cron": "whenever"}, "cron"),
        ({"every": None}, None),
        ({"time_zone": "Moon/Base"}, "time_zone"),
        ({"input": {"n": "x"}}, "input.n"),
        ({"input": {"n": "{{ body.n }}"}}, "input"),
        ({"pipeline": "nobody"}, None),
        ({"callback_url": "ftp://x.example"}, "callback_url"),
    ],
    ids=["cron", "never", "zone", "input", "names", "pipeline", "callback"],
)
async def test_a_schedule_that_cannot_be_meant_is_refused(runs: Runs, wrong: Document, field: str | None) -> None:
    await runs.store({"name": "counting", "inputs": {"n": "integer"}, "steps": [value("x", "{{ n }}")]})
    body = {"name": "wrong", "pipeline": "counting", "every": 60, "input": {"n": 1}, **wrong}
    answer = await runs.http.post("/api/schedules", json=body)
    assert answer.status_code == (404 if wrong.get("pipeline") else 400), answer.text
    assert answer.json()["field"] == field


async def deliver(runs: Runs, made: Document, body: bytes, **changes: Any) -> httpx2.Response:
    """A delivery to a trigger's address, without any key."""
    given = {"secret": made["secret"], "id": "d-1", "now": utc_now(), **changes}
    headers = signed(key_of(given["secret"]), given["id"], given.get("signed", body), now=given["now"])
    async with httpx2.AsyncClient(base_url=runs.house.url) as http:
        return await http.post(made["url"], content=body, headers={**headers, **given.get("headers", {})})


async def test_a_delivery_starts_one_run(runs: Runs) -> None:
    await runs.store({"name": "invoices", "inputs": {"n": "integer"}, "steps": [value("x", "{{ n + 1 }}")]})
    asked = {"name": "invoice", "pipeline": "invoices", "webhook": True, "input": {"n": "{{ body.number }}"}}
    made = await post(runs, "/api/triggers", asked)
    assert "secret" not in (await runs.http.get(f"/api/triggers/{made['id']}")).json()
    body = json.dumps({"number": 7}).encode()
    one, again = await deliver(runs, made, body), await deliver(runs, made, body)
    assert (one.status_code, again.json()) == (202, one.json()), one.text
    run = await runs.completed(one.json()["run"])
    assert (run["output"], run["trigger"]) == ({"result": 8}, made["id"])
    other = await deliver(runs, made, b'{"number": 8}')
    assert other.status_code == 409
    unfit = await deliver(runs, made, b'{"number": "x"}', id="d-2")
    assert (unfit.status_code, unfit.json()["field"]) == (400, "input.n")
    shown = (await runs.http.get(f"/api/triggers/{made['id']}")).json()
    assert "input.n" in shown["last"]["error"]


async def test_a_delivery_has_to_be_signed_and_of_now(runs: Runs) -> None:
    await runs.store({"name": "guarded", "steps": [value("x", 1)]})
    made = await post(runs, "/api/triggers", {"name": "guarded", "pipeline": "guarded", "webhook": True, "input": {}})
    refused = {
        "another secret": await deliver(runs, made, b"{}", secret=SECRET),
        "another body": await deliver(runs, made, b"{}", signed=b"[]"),
        "none": await deliver(runs, made, b"{}", headers={"webhook-signature": ""}),
        "nonsense": await deliver(runs, made, b"{}", headers={"webhook-signature": "v1,!"}),
    }
    assert {name: one.status_code for name, one in refused.items()} == dict.fromkeys(refused, 401)
    assert "signature" in refused["another secret"].json()["detail"]
    stale = {
        "old": await deliver(runs, made, b"{}", now=utc_now() - timedelta(minutes=6)),
        "early": await deliver(runs, made, b"{}", now=utc_now() + timedelta(minutes=6)),
        "no time": await deliver(runs, made, b"{}", headers={"webhook-timestamp": "soon"}),
        "no id": await deliver(runs, made, b"{}", headers={"webhook-id": ""}),
    }
    assert {name: one.status_code for name, one in stale.items()} == dict.fromkeys(stale, 400)
    assert "s away from ours" in stale["old"].json()["detail"]
    rotated = await post(runs, f"/api/triggers/{made['id']}/rotate", {}, 200)
    assert (await deliver(runs, made, b"{}", id="former")).status_code == 401
    assert (await deliver(runs, rotated, b"{}", id="new")).status_code == 202
    (await runs.http.patch(f"/api/triggers/{made['id']}", json={"paused": True})).raise_for_status()
    assert (await deliver(runs, rotated, b"{}", id="paused")).status_code == 409
    async with httpx2.AsyncClient(base_url=runs.house.url) as http:
        assert (await http.post(f"/hooks/{uuid4()}", content=b"{}")).status_code in (401, 404)


async def test_a_revoked_key_starts_nothing_more(runs: Runs) -> None:
    await runs.store({"name": "guarded-by-key", "steps": [value("x", 1)]})
    key = await post(runs, "/api/keys", {"name": "passing", "scopes": ["ask"]})
    async with httpx2.AsyncClient(base_url=runs.house.url, headers={"Authorization": f"Bearer {key['key']}"}) as http:
        asked = {"name": "passing", "pipeline": "guarded-by-key", "webhook": True, "input": {}}
        made = (await http.post("/api/triggers", json=asked)).raise_for_status().json()
    assert (await deliver(runs, made, b"{}")).status_code == 202
    assert (await runs.http.delete(f"/api/keys/{key['id']}")).is_success
    assert (await deliver(runs, made, b"{}", id="d-2")).status_code == 403


async def test_a_pipelines_end_starts_another(runs: Runs) -> None:
    await runs.store({"name": "first", "steps": [value("x", {"n": 1})], "outputs": {"n": "{{ x.result.n }}"}})
    await runs.store({"name": "second", "inputs": {"n": "integer"}, "steps": [value("x", "{{ n + 1 }}")]})
    await post(runs, "/api/triggers", {"name": "then", "pipeline": "second", "after": "first"})
    failing = {"name": "never", "pipeline": "second", "after": "first", "states": ["failed"]}
    await post(runs, "/api/triggers", failing)
    await runs.completed(await runs.start("first"))
    (second,) = await runs_of(runs, "second", 1)
    assert (await runs.get(second["id"]))["output"] == {"result": 2}


async def test_two_that_start_each_other_come_to_an_end(runs: Runs) -> None:
    await runs.store({"name": "round", "steps": [value("x", 1)], "outputs": {}})
    made = await post(runs, "/api/triggers", {"name": "again", "pipeline": "round", "after": "round", "input": {}})
    await runs.completed(await runs.start("round"))
    assert len(await runs_of(runs, "round", 11)) == 11
    shown = (await runs.http.get(f"/api/triggers/{made['id']}")).json()
    assert "started each other" in shown["last"]["error"]


async def test_runs_queue_beyond_the_pipelines_concurrency(runs: Runs) -> None:
    steps = [{"id": "go", "kind": "wait", "event": "go"}]
    await runs.store({"name": "narrow", "concurrency": 2, "steps": steps})
    begun = [await runs.start("narrow") for _ in range(4)]
    for one in begun[:2]:
        await runs.awaits(one, "go")
    for one in begun[2:]:
        assert (await runs.until(one, lambda shown: shown["queued"]))["state"] == "accepted"
    await runs.act(begun[2], "cancel")
    assert (await runs.ended(begun[2]))["state"] == "cancelled"
    await runs.act(begun[0], "signal", {"event": "go"})
    # It is told, rather than that it looks by itself, which would take minutes.
    await runs.awaits(begun[3], "go")
    for one in (begun[1], begun[3]):
        await runs.act(one, "signal", {"event": "go"})
        await runs.completed(one)


async def test_the_end_is_told_again_until_it_is_taken(runs: Runs) -> None:
    await runs.store({"name": "told", "steps": [value("x", "ä")]})
    tries = 0

    def answer(_: Asked) -> Said:
        nonlocal tries
        tries += 1
        return Said(503 if tries == 1 else 204)

    async with serving(answer) as server:
        run_id = await runs.start("told", callback_url=f"{server.url}/done")
        run = await runs.completed(run_id)
        assert run["callback"]["url"] == f"{server.url}/done"

        async def delivered() -> bool:
            return bool((await runs.get(run_id))["callback"]["state"] == "delivered")

        await until_there(delivered)
        first, second = server.asked
    assert verified(key_of(SECRET), second.headers, second.body, now=utc_now()) == first.headers["webhook-id"]
    told = json.loads(second.body)
    assert (told["type"], told["data"]["id"], told["data"]["output"]) == ("run.completed", run_id, {"result": "ä"})
    assert (await runs.get(run_id))["callback"]["tries"] == 2


async def test_an_end_that_could_not_be_told_in_its_time_is_given_up(runs: Runs) -> None:
    await runs.store({"name": "untold", "steps": [value("x", 1)]})
    run_id = await runs.start("untold", callback_url="http://169.254.169.254/latest")

    async def tried() -> bool:
        return bool((await runs.get(run_id))["callback"]["tries"])

    await until_there(tried)
    # The day is over, and no worker was there for its last try.
    late = StoredTriggerActivities(runs.house.house.world)
    await late.give_up_telling(TellRun(run_id=UUID(run_id)))
    shown = (await runs.get(run_id))["callback"]
    assert shown["state"] == "failed"
    assert "169.254.169.254" in shown["error"]
