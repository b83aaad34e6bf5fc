"""Feedback and preferences at the door."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from contracts.routing import TaskType
from storage import preferences
from tests.api.conftest import Open

pytestmark = pytest.mark.real


async def answered_turn(opened: Open, http: httpx2.AsyncClient) -> str:
    turn_id: str = (await http.post("/api/turns", json={"model": "sim:sim-fast", "content": "hi"})).json()["id"]
    attempt = await opened.attempt(UUID(turn_id))
    await attempt.begin().end()
    return turn_id


async def liked(opened: Open, user: str, task: TaskType | None = None, **later: Any) -> dict[str, float]:
    async with opened.doors.database.begin() as connection:
        return await preferences.liked(
            connection, opened.workspace_id, user, task, **{"now": opened.doors.clock(), **later}
        )


async def test_a_score_is_kept_once_per_user_and_summed_up(opened: Open) -> None:
    async with opened.http() as http:
        path = f"/api/turns/{await answered_turn(opened, http)}/feedback"
        first = await http.post(path, json={"thumbs": "down", "user": "ada", "comment": "not\nso good"})
        assert first.status_code == 200, first.text
        assert (first.json()["score"], first.json()["model"]) == (-1, "sim:sim-fast")
        assert "comment" not in first.json()
        assert (await http.post(path, json={"score": 0.5, "user": "ada", "task": "code"})).json()["score"] == 0.5
    assert await liked(opened, "ada", TaskType.CODE) == {"sim:sim-fast": pytest.approx(0.5 / 3, abs=1e-4)}
    assert await liked(opened, "ada", TaskType.CREATIVE) == {}
    others = (await liked(opened, "bob"))["sim:sim-fast"]
    assert 0 < others < 0.5 / 3


async def test_scores_fade_and_wishes_do_not(opened: Open) -> None:
    async with opened.http() as http:
        for _ in range(3):
            path = f"/api/turns/{await answered_turn(opened, http)}/feedback"
            assert (await http.post(path, json={"thumbs": "up", "user": "ada"})).status_code == 200
    soon = await liked(opened, "ada")
    late = await liked(opened, "ada", now=opened.doors.clock() + timedelta(days=30))
    assert soon["sim:sim-fast"] == pytest.approx(3 / 5, abs=1e-3)
    assert late["sim:sim-fast"] == pytest.approx(1.5 / 3.5, abs=1e-3)
    async with opened.http() as http:
        await http.put("/api/preferences", json={"user": "ada", "models": {"sim:sim-fast": -1}})
    against = await liked(opened, "ada", now=opened.doors.clock() + timedelta(days=3000))
    assert against == {"sim:sim-fast": -1}


async def test_wishes_are_replaced_by_task(opened: Open) -> None:
    async with opened.http() as http:
        for_all = {"user": "ada", "models": {"sim:sim-fast": 0.5, "gpt-4o-mini": -0.5}}
        shown = (await http.put("/api/preferences", json=for_all)).json()
        assert shown["liked"] == {"sim:sim-fast": 0.5, "openai:gpt-4o-mini": -0.5}
        for_code = {"user": "ada", "task": "code", "models": {"sim:sim-fast": -1}}
        assert (await http.put("/api/preferences", json=for_code)).json()["liked"]["sim:sim-fast"] == -1
        read = (await http.get("/api/preferences", params={"user": "ada"})).json()
        assert read["liked"]["sim:sim-fast"] == 0.5
        assert len(read["preferences"]) == 3
        await http.put("/api/preferences", json={"user": "ada", "models": {}})
        left = (await http.get("/api/preferences", params={"user": "ada"})).json()["preferences"]
        assert [one["task"] for one in left] == ["code"]
        assert (await http.get("/api/preferences", params={"user": "bob"})).json()["preferences"] == []
    async with opened.http(opened.stranger) as http:
        assert (await http.get("/api/preferences", params={"user": "ada"})).json()["preferences"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"score": 0.1, "thumbs": "up"}, "body"),
        ({"score": 1.5}, "score"),
        ({"thumbs": "sideways"}, "thumbs"),
        ({"score": 1, "task": "juggling"}, "task"),
        ({"score": 1, "stars": 5}, "stars"),
        ({"score": 1, "user": "u" * 201}, "user"),
    ],
    ids=["nothing", "both", "too-much", "sideways", "no-such-task", "unknown-field", "long-user"],
)
async def test_bad_feedback_is_refused_by_field(opened: Open, body: dict[str, Any], field: str) -> None:
    async with opened.http() as http:
        answer = await http.post(f"/api/turns/{await answered_turn(opened, http)}/feedback", json=body)
    assert answer.status_code == 400
    assert (answer.json()["field"] or "body") == field


async def test_only_ones_own_answered_turns_can_be_scored(opened: Open) -> None:
    async with opened.http() as http:
        waiting = (await http.post("/api/turns", json={"model": "sim:sim-fast", "content": "hi"})).json()["id"]
        assert (await http.post(f"/api/turns/{waiting}/feedback", json={"score": 1})).status_code == 409
        turn_id = await answered_turn(opened, http)
        assert (await http.post("/api/turns/nonsense/feedback", json={"score": 1})).status_code == 404
    async with opened.http(opened.stranger) as http:
        assert (await http.post(f"/api/turns/{turn_id}/feedback", json={"score": 1})).status_code == 404


async def test_bad_preferences_are_refused_by_field(opened: Open) -> None:
    async with opened.http() as http:
        unknown = await http.put("/api/preferences", json={"models": {"sim:nope-nothing": 1}})
        assert (unknown.status_code, unknown.json()["field"]) == (404, "models.sim:nope-nothing")
        loud = await http.put("/api/preferences", json={"models": {"sim:sim-fast": 2}})
        assert (loud.status_code, loud.json()["field"]) == (400, "models.sim:sim-fast")
        assert (await http.get("/api/preferences", params={"task": "juggling"})).status_code == 400
        assert (await http.get("/api/preferences", params={"user": "a\0b"})).status_code == 400
