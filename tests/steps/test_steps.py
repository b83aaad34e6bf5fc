"""AI steps through the whole house: templates, callbacks, failures as results, cancelling, and a worker that dies."""

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from activities.ai_steps import StoredAiStepActivities
from contracts.ai_step_activities import RunAiStep
from contracts.ai_steps import AiStepRequest
from contracts.ids import ai_step_workflow_id
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from storage import ai_steps, keys
from storage.ids import new_id
from tests.fixtures.house import Running
from tests.steps.asking import CALLBACK_SECRET, GOOD, events_of
from tests.tools.loopback import Asked, Said, serving

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

ECHO = "sim:sim-echo"


async def step(house: Running, status: int = 200, **body: Any) -> dict[str, Any]:
    async with house.http() as http:
        answer = await http.post("/api/steps", json={"wait": 60, **body})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_template_is_filled_in_and_answered(house: Running) -> None:
    given = {"inquiry": "When do you close?", "business_name": "Bloom", "context": "Open until six."}
    found = await step(house, template="customer_inquiry", variables=given, model=ECHO)
    assert found["state"] == "completed"
    assert found["content"].startswith(
        "Simulated answer: What is known:\nOpen until six.\n\nA customer asks:\nWhen do you"
    )
    assert found["template"] == {"name": "customer_inquiry", "version": 0}
    assert (found["task_type"], found["model"], found["finish_reason"]) == ("customer_inquiry", ECHO, "stop")
    assert found["usage"]["total_tokens"] > 0
    assert found["error"] is None
    async with house.http() as http:
        turn = (await http.get(f"/api/turns/{found['turn_ids'][0]}")).json()
        listed = (await http.get("/api/steps?limit=1")).json()
    assert turn["plan"]["task"] == "simple"
    assert listed["data"][0] == found


async def test_data_by_a_template(house: Running) -> None:
    found = await step(
        house, template="lead_qualification", variables={"lead": "A bakery asks for ovens."}, model="sim:sim-fast"
    )
    assert found["state"] == "completed", found
    assert found["data"]["rating"] in ("hot", "warm", "cold")
    assert 0 <= found["data"]["score"] <= 100


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (
            {"template": "customer_inquiry", "variables": {"inqury": "?", "tone": 5}},
            "variables",
            "missing inquiry; unknown inqury (did you mean inquiry?); tone must be a string",
        ),
        ({"template": "service_recommendation", "variables": {"needs": "x", "services": "y"}}, "variables", "an array"),
        ({"prompt": "x", "variables": {"a": 1}}, None, "variables go with a template"),
        ({"prompt": "x", "template": "customer_inquiry"}, None, "one of template, prompt and messages"),
        ({"prompt": "  "}, "prompt", "empty"),
        ({"prompt": "x", "callback_url": "file:///etc/passwd"}, "callback_url", "http"),
        ({"prompt": "x", "callback_url": "http://user:pw@x.example/"}, "callback_url", "user or password"),
        ({"prompt": "x", "wait": 601}, "wait", "0 to 600"),
        ({"prompt": "x", "cost_limit": 0}, "cost_limit", "greater than 0"),
    ],
    ids=range(9),
)
async def test_what_is_wrong_is_said_before_anything_is_asked(
    house: Running, body: dict[str, Any], field: str | None, says: str
) -> None:
    problem = await step(house, 400, **body)
    assert problem["field"] == field
    assert says in problem["detail"]
    assert house.asked() == []


async def test_a_template_that_is_not_there(house: Running) -> None:
    assert "Did you mean customer_inquiry" in (await step(house, 404, template="customer_inquiri"))["detail"]


async def test_templates_have_versions_and_can_be_looked_at(house: Running) -> None:
    async with house.http() as http:
        body = {"prompt": "Say {{ word }}", "variables": {"word": {"max_chars": 10}}, "model": ECHO}
        first = await http.put("/api/templates/saying", json=body)
        same = await http.put("/api/templates/saying", json=body)
        second = await http.put("/api/templates/saying", json={**body, "prompt": "Please say {{ word }}"})
        assert [one.status_code for one in (first, same, second)] == [201, 200, 201]
        assert [one["version"] for one in (await http.get("/api/templates/saying/versions")).json()["data"]] == [2, 1]
        preview = await http.post("/api/templates/saying@1/preview", json={"variables": {"word": "ho"}})
        assert preview.json() == {"name": "saying", "version": 1, "system": "", "prompt": "Say ho"}
        names = [one["name"] for one in (await http.get("/api/templates")).json()["data"]]
        own = await http.put("/api/templates/generic_processing", json=body)
        assert own.json()["version"] == 1
        assert (await http.get("/api/templates/generic_processing@0")).json()["shipped"]
    assert names == ["customer_inquiry", "generic_processing", "lead_qualification", "saying", "service_recommendation"]
    assert (await step(house, template="saying", variables={"word": "ha"}))[
        "content"
    ] == "Simulated answer: Please say ha"
    assert (await step(house, template="saying@1", variables={"word": "ha"}))["content"] == "Simulated answer: Say ha"
    assert "at most 10" in (await step(house, 400, template="saying", variables={"word": "x" * 11}))["detail"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"prompt": "{{ missing }}"}, "missing, which variables does not name"),
        ({"prompt": "{% for x in y %}"}, "not a template"),
        ({"prompt": "{{ ''.__class__.__mro__ }}"}, None),
        ({"prompt": "{% include '/etc/passwd' %}"}, "include"),
        ({"prompt": "x", "output_schema": {"type": "nope"}}, "nope"),
        ({"prompt": "x", "promt": "y"}, "Extra inputs"),
    ],
    ids=range(6),
)
async def test_a_template_that_does_not_hold_together_is_refused(
    house: Running, body: dict[str, Any], says: str | None
) -> None:
    async with house.http() as http:
        answer = await http.put("/api/templates/broken", json=body)
        if says is None:
            # It is a template; the sandbox lets nothing out when it is filled in.
            answer = await http.post("/api/templates/broken/preview", json={"variables": {}})
    assert answer.status_code == httpx2.codes.BAD_REQUEST, answer.text
    assert (says or "unsafe") in answer.json()["detail"]


async def test_a_failure_is_a_result_and_fallbacks_are_asked(house: Running) -> None:
    limits = {"only_candidate": 1, "same_candidate": 1}
    failed = await step(house, prompt="Hi", model="sim:sim-auth", routing={"fallbacks": False}, limits=limits)
    assert (failed["state"], failed["error"]["kind"], failed["content"]) == ("failed", "authentication", "")
    saved = await step(house, prompt="Hi", model="sim:sim-auth", fallback_models=[ECHO], limits=limits)
    assert (saved["state"], saved["model"], saved["content"]) == ("completed", ECHO, "Simulated answer: Hi")


async def test_text_is_streamed(house: Running) -> None:
    async with house.http() as http:
        events = await events_of(http, "POST", "/api/steps?stream=true", json={"prompt": "Hi", "model": ECHO})
    said = "".join(data["text"] for name, data in events if name == "text")
    assert said == "Simulated answer: Hi"
    assert events[-1][0] == "end"
    assert events[-1][1]["content"] == said


def checked(one: Asked) -> dict[str, Any]:
    """What a callback says, its signature checked by the Standard Webhooks specification."""
    text = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    key = base64.b64decode(CALLBACK_SECRET.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert one.headers["webhook-signature"] == f"v1,{wanted}"
    said: dict[str, Any] = json.loads(one.body)
    return said


async def tried(house: Running, step_id: str, *states: str) -> dict[str, Any]:
    """The step once its callback was tried, and is in one of these states."""
    async with house.http() as http, asyncio.timeout(60):
        while True:
            shown: dict[str, Any] = (await http.get(f"/api/steps/{step_id}")).json()
            if shown["callback"]["tries"] and (not states or shown["callback"]["state"] in states):
                return shown
            await asyncio.sleep(0.05)


async def test_the_result_is_told_again_until_it_is_taken(house: Running) -> None:
    tries = 0

    def answer(one: Asked) -> Said:
        nonlocal tries
        tries += 1
        return Said(503 if tries == 1 else 204)

    async with serving(answer) as server:
        begun = await step(house, 202, prompt="Hi", model=ECHO, callback_url=f"{server.url}/done?x=1", wait=0)
        shown = await tried(house, begun["id"], "delivered")
        first, second = server.asked
    assert first.target == "/done?x=1"
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"step_{begun['id']}"
    told = checked(second)
    assert (told["type"], told["data"]["content"]) == ("step.completed", "Simulated answer: Hi")
    assert (shown["callback"]["tries"], shown["callback"]["error"]) == (2, None)


async def test_a_result_is_told_once_more_though_its_workflow_is_there(house: Running) -> None:
    temporal = house.house.temporal
    async with serving(lambda one: Said(204)) as server:
        begun = await step(house, 202, prompt="Hi", model=ECHO, callback_url=server.url, wait=0)
        await tried(house, begun["id"], "delivered")
        own = ai_step_workflow_id(UUID(begun["id"]))
        await temporal.get_workflow_handle(own).result()
        # As long as the workflow that told it before has not ended, nobody would begin another of its name.
        still = await temporal.start_workflow("AiStep", id=own, task_queue="nobody-works-here")
        async with house.http() as http:
            (await http.post(f"/api/steps/{begun['id']}/callback")).raise_for_status()
        async with asyncio.timeout(30):
            while len(server.asked) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await still.terminate()
    assert len({one.headers["webhook-id"] for one in server.asked}) == 1
    assert len(house.asked()) == 1


async def test_an_address_that_wants_no_more_is_left_alone(house: Running) -> None:
    async with serving(lambda one: Said(410)) as server:
        begun = await step(house, 202, prompt="Hi", model=ECHO, callback_url=server.url, wait=0)
        shown = await tried(house, begun["id"], "failed")
        assert len(server.asked) == 1
    assert shown["state"] == "completed"
    assert "410" in shown["callback"]["error"]


async def test_a_callback_reaches_no_private_address_that_is_not_listed(house: Running) -> None:
    inside = "http://169.254.169.254/latest/meta-data"
    begun = await step(house, 202, prompt="Hi", model=ECHO, callback_url=inside, wait=0)
    shown = (await tried(house, begun["id"]))["callback"]
    assert shown["state"] == "pending"
    assert "169.254.169.254" in shown["error"]
    # The day is over, and no worker was there for its last try.
    late = StoredAiStepActivities(house.house.world)
    await late.give_up_calling_back(RunAiStep(step_id=UUID(begun["id"])))
    given_up = (await tried(house, begun["id"], "failed"))["callback"]
    assert given_up["error"] == shown["error"]


async def test_a_step_can_be_stopped(house: Running) -> None:
    house.simulator.scenario({"text": "Never said", "hold_until_released": True})
    async with house.http() as http:
        begun = (await http.post("/api/steps", json={"prompt": "Hi", "model": "sim:sim-fast", "samples": 1})).json()
        async with asyncio.timeout(30):
            while house.simulator.holding() == 0:  # noqa: ASYNC110  the simulator tells nobody
                await asyncio.sleep(0.02)
        assert (await http.post(f"/api/steps/{begun['id']}/cancel")).status_code == httpx2.codes.ACCEPTED
        ended = (await http.get(f"/api/steps/{begun['id']}?wait=30")).json()
    assert ended["state"] == "cancelled"


async def test_a_step_whose_start_was_lost_is_started_by_the_sweeper(house: Running) -> None:
    """As after a crash between the two: the row is there and Temporal knows nothing of it."""
    built = house.house
    step_id, earlier = new_id(), built.world.clock() - timedelta(minutes=1)
    asked = AiStepRequest(
        models=(ModelRef(provider="sim", model="sim-echo"),),
        messages=(Message(role="user", parts=(TextPart(text="Hi"),)),),
    )
    async with built.database.begin() as connection:
        workspace_id = await keys.workspace(connection, now=earlier)
        await ai_steps.accept(connection, asked, step_id=step_id, workspace_id=workspace_id, now=earlier)
    async with house.http() as http:
        ended = (await http.get(f"/api/steps/{step_id}?wait=60")).json()
    assert (ended["state"], ended["content"]) == ("completed", "Simulated answer: Hi")


async def test_what_is_asked_stays_out_of_temporal(house: Running) -> None:
    house.simulator.scenario({"text": json.dumps(GOOD)})
    found = await step(house, prompt="A secret prompt", model="sim:sim-fast", output_schema={"type": "object"})
    handle = house.house.temporal.get_workflow_handle(f"ai-step/{found['id']}")
    history = (await handle.fetch_history()).to_json()
    assert "A secret prompt" not in history
    assert "/orders" not in history
    assert len(json.loads(history)["events"]) < 25
