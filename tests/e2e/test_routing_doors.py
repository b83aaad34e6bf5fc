"""OpenAI's own client lets routing choose: by name, by strategy, among models, by header."""

import asyncio
from typing import Any

import openai
import pytest

from tests.fixtures.house import Running

pytestmark = pytest.mark.real

HELLO: Any = [{"role": "user", "content": "Say something."}]


async def plan_of(house: Running, turn_id: str) -> dict[str, Any]:
    async with house.http() as http:
        plan: dict[str, Any] = (await http.get(f"/api/turns/{turn_id}")).raise_for_status().json()["plan"]
    return plan


def name(candidate: dict[str, Any]) -> str:
    return f"{candidate['model']['provider']}:{candidate['model']['model']}"


async def asked(house: Running, **fields: Any) -> tuple[Any, dict[str, Any]]:
    """A completion and its turn's plan. Fields that OpenAI's client has not go as `extra_body` or `extra_headers`."""
    answer = await house.openai().chat.completions.create(messages=HELLO, **fields)
    return answer, await plan_of(house, answer.id.removeprefix("chatcmpl-"))


async def refused(house: Running, **body: Any) -> dict[str, Any]:
    """The error of a completion that is refused, with its status."""
    async with house.http() as http:
        answer = await http.post("/v1/chat/completions", json={"messages": HELLO, **body})
    assert answer.is_error, answer.text
    error: dict[str, Any] = answer.json()["error"]
    return {**error, "status": answer.status_code}


async def test_auto_is_routed_and_the_plan_says_why(house: Running) -> None:
    answer, plan = await asked(house, model="auto")
    assert answer.choices[0].message.content.startswith("Simulated answer")
    first = plan["candidates"][0]
    assert answer.perdure["model"] == name(first)
    assert answer.model == first["model"]["model"]
    assert (plan["strategy"], plan["task"]) == ("balanced", "simple")
    assert 0 <= plan["difficulty"] <= 1
    assert 0 <= plan["confidence"] <= 1
    assert len(plan["policy_version"]) == 12
    assert first["reason"].startswith("best balance among ")
    assert "fallback 1" in plan["candidates"][1]["reason"]
    assert first["score"] >= plan["candidates"][1]["score"]
    assert len({name(one) for one in (*plan["candidates"], *plan["alternatives"])}) >= 4


async def test_a_stream_of_auto_names_the_model_that_is_asked(house: Running) -> None:
    stream = await house.openai().chat.completions.create(model="auto", messages=HELLO, stream=True)
    chunks = [chunk async for chunk in stream]
    plan = await plan_of(house, chunks[0].id.removeprefix("chatcmpl-"))
    assert {chunk.model for chunk in chunks} == {plan["candidates"][0]["model"]["model"]}


async def test_no_model_at_all_is_auto(house: Running) -> None:
    async with house.http() as http:
        answer = (await http.post("/v1/chat/completions", json={"messages": HELLO})).raise_for_status().json()
    assert (await plan_of(house, answer["perdure"]["turn_id"]))["strategy"] == "balanced"


async def test_one_key_is_one_plan_and_one_call(house: Running) -> None:
    client = house.openai()
    answers = await asyncio.gather(
        *(
            client.chat.completions.create(
                model="auto:cost", messages=HELLO, extra_headers={"Idempotency-Key": "routed-1"}
            )
            for _ in range(5)
        )
    )
    assert len({(answer.id, answer.model) for answer in answers}) == 1
    assert len(house.asked()) == 1


async def test_the_strategy_follows_the_name(house: Running) -> None:
    _, cheap = await asked(house, model="auto:cost")
    _, good = await asked(house, model="auto:quality")
    assert (cheap["strategy"], good["strategy"]) == ("cost", "quality")
    assert float(cheap["candidates"][0]["price"]) < float(good["candidates"][0]["price"])


async def test_among_named_models_the_strategy_orders(house: Running) -> None:
    models = ["gpt-4o-mini", "anthropic:claude-opus-4-6", "gpt-4o"]
    _, best = await asked(house, model="auto:quality", extra_body={"models": models})
    _, cheapest = await asked(house, model="auto:cost", extra_body={"models": models})
    _, freely = await asked(house, model="auto", extra_body={"models": models})
    _, in_order = await asked(house, model=models[0], extra_body={"models": models[1:]})
    known = {"openai:gpt-4o-mini", "anthropic:claude-opus-4-6", "openai:gpt-4o"}
    for plan in (best, cheapest, freely, in_order):
        assert {name(one) for one in plan["candidates"]} == known
    assert name(best["candidates"][0]) == "anthropic:claude-opus-4-6"
    assert name(cheapest["candidates"][0]) == "openai:gpt-4o-mini"
    assert freely["strategy"] == "auto"
    assert [name(one) for one in in_order["candidates"]] == [
        "openai:gpt-4o-mini",
        "anthropic:claude-opus-4-6",
        "openai:gpt-4o",
    ]


async def test_a_context_narrows_who_may_answer(house: Running) -> None:
    routing = {
        "task": "code",
        "difficulty": 0.9,
        "cost_sensitivity": "low",
        "quality_floor": 0.7,
        "max_price": "0.05",
        "require": ["tools", "images"],
        "regions": ["us"],
        "privacy": ["no_training"],
        "providers": ["openai", "anthropic"],
        "exclude": ["openai:gpt-4o", "google"],
    }
    _, plan = await asked(house, model="auto", extra_body={"routing": routing})
    assert (plan["task"], plan["difficulty"]) == ("code", 0.9)
    for one in (*plan["candidates"], *plan["alternatives"]):
        assert one["model"]["provider"] in ("openai", "anthropic")
        assert name(one) != "openai:gpt-4o"
        assert float(one["price"]) <= 0.05
    _, tagged = await asked(house, model="auto", extra_body={"routing": {"tags": ["code"]}})
    async with house.http() as http:
        of_tag = (await http.get(f"/api/models/{name(tagged['candidates'][0])}")).json()
    assert "code" in of_tag["tags"]


async def test_without_fallbacks_nobody_follows(house: Running) -> None:
    _, plan = await asked(house, model="auto", extra_body={"routing": {"fallbacks": False}})
    assert len(plan["candidates"]) == 1
    assert plan["alternatives"]


@pytest.mark.parametrize(
    ("routing", "filtered", "field"),
    [
        ({"providers": ["openai"], "privacy": ["local"]}, "privacy", "routing.privacy"),
        ({"providers": ["openai"], "exclude": ["openai"]}, "provider", "routing.providers"),
        ({"providers": ["anthropic"], "require": ["audio"]}, "capability", "routing.require"),
        ({"providers": ["openai"], "regions": ["eu"]}, "region", "routing.regions"),
        ({"tags": ["flagship", "nonsense"]}, "tags", "routing.tags"),
        ({"quality_floor": 1}, "quality", "routing.quality_floor"),
        ({"quality_floor": 0.9, "max_price": "0.000001"}, "price", "routing.max_price"),
    ],
    ids=["privacy", "provider", "capability", "region", "tags", "quality", "price"],
)
async def test_contradictory_filters_say_which_and_what_is_nearest(
    house: Running, routing: dict[str, Any], filtered: str, field: str
) -> None:
    error = await refused(house, model="auto", routing=routing)
    assert (error["status"], error["param"], error["filter"]) == (400, field, filtered), error
    assert error["nearest"] in error["message"]
    assert f"the filter {filtered!r} left none" in error["message"]
    assert house.asked() == []


@pytest.mark.parametrize(
    ("body", "status", "param", "hint"),
    [
        ({"model": "auto:qualty"}, 400, "model", "Did you mean auto:quality?"),
        ({"model": "auto:"}, 400, "model", "There are auto, balanced, cost"),
        ({"model": "auto:qualty", "routing": {"strategy": "cost"}}, 400, "model", "Did you mean auto:quality?"),
        ({"model": "auto:quality", "routing": {"strategy": "cost"}}, 400, "model", "Say one of them"),
        ({"model": "auto:manual"}, 400, "routing.strategy", "keeps the order"),
        ({"model": "gpt-4o", "models": ["auto"]}, 400, "models.0", "Say it as model"),
        ({"models": ["gpt-4o", "gpt-4o-mni"]}, 404, "models.1", "Did you mean openai:gpt-4o-mini"),
        ({"routing": {"strategy": "cheapest"}}, 400, "routing.strategy", "'balanced'"),
        ({"routing": {"providers": ["opnai"]}}, 404, "routing.providers", "Did you mean openai?"),
        ({"routing": {"exclude": ["mistral"]}}, 404, "routing.exclude", "Configured: "),
        ({"routing": {"stratgy": "cost"}}, 400, "routing.stratgy", "not permitted"),
        ({"routing": {"quality_floor": 2}}, 400, "routing.quality_floor", "less than or equal to 1"),
        ({"routing": {"max_price": -1}}, 400, "routing.max_price", "greater than or equal to 0"),
        ({"models": ["gpt-4o"] * 11}, 400, "models", "at most 10"),
    ],
    ids=[
        "near-strategy",
        "empty-strategy",
        "hidden-strategy",
        "two-strategies",
        "manual",
        "auto-among",
        "near-model",
        "no-strategy",
        "near-provider",
        "no-provider",
        "unknown-field",
        "floor",
        "price",
        "too-many",
    ],
)
async def test_bad_names_are_refused_by_field(
    house: Running, body: dict[str, Any], status: int, param: str, hint: str
) -> None:
    error = await refused(house, **body)
    assert (error["status"], error["param"]) == (status, param), error
    assert hint in error["message"]
    assert house.asked() == []


async def test_a_user_tier_is_known_once_the_policy_has_tiers(house: Running) -> None:
    _, plan = await asked(house, model="auto", extra_body={"routing": {"user_tier": "free"}})
    assert plan["candidates"]
    async with house.http() as http:
        tiers = {"user_tiers": {"free": {"models": ["openai:gpt-4o-mini"]}}}
        (await http.put("/api/policies", json=tiers)).raise_for_status()
    _, plan = await asked(house, model="auto", extra_body={"routing": {"user_tier": "free"}})
    assert [name(one) for one in plan["candidates"]] == ["openai:gpt-4o-mini"]
    error = await refused(house, model="gpt-4o", routing={"user_tier": "free"})
    assert (error["status"], error["param"]) == (403, "routing.user_tier")
    assert "openai:gpt-4o-mini" in error["message"]
    error = await refused(house, model="auto", routing={"user_tier": "platinum"})
    assert (error["status"], "it knows free" in error["message"]) == (400, True)


async def test_headers_stand_in_for_fields(house: Running) -> None:
    headers = {"X-Perdure-Strategy": "quality", "X-Perdure-Max-Price": "0.01"}
    _, plan = await asked(house, model="auto", extra_headers=headers)
    assert plan["strategy"] == "quality"
    assert all(float(one["price"]) <= 0.01 for one in plan["candidates"])
    _, plan = await asked(house, model="gpt-4o", extra_headers={"X-Perdure-Fallbacks": "sim:sim-fast, gpt-4o-mini"})
    assert [name(one) for one in plan["candidates"]] == ["openai:gpt-4o", "sim:sim-fast", "openai:gpt-4o-mini"]
    _, plan = await asked(house, model="auto:cost", extra_headers={"X-Perdure-Strategy": "quality"})
    assert plan["strategy"] == "cost"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Perdure-Strategy", "cheapest"),
        ("X-Perdure-Max-Price", "2 cents"),
        ("X-Perdure-Max-Price", "NaN"),
        ("X-Perdure-Max-Price", "-1"),
        ("X-Perdure-Fallbacks", "gpt-4o,,gpt-4o-mini"),
        ("X-Perdure-Fallbacks", ",".join(["gpt-4o"] * 11)),
    ],
    ids=["strategy", "words", "nan", "negative", "gap", "too-many"],
)
async def test_bad_headers_are_refused_by_name(house: Running, header: str, value: str) -> None:
    with pytest.raises(openai.BadRequestError) as wrong:
        await house.openai().chat.completions.create(model="auto", messages=HELLO, extra_headers={header: value})
    assert wrong.value.param == header


async def test_a_failing_first_choice_is_followed(house: Running) -> None:
    _, plan = await asked(house, model="auto")
    first = plan["candidates"][0]["model"]["model"]
    house.simulator.scenario({"error": {"kind": "overloaded"}}, match={"model": first})
    answer, plan = await asked(house, model="auto")
    assert answer.perdure["attempts"] > 1
    assert answer.model != first
    assert answer.perdure["model"] in {name(one) for one in plan["candidates"][1:]}


async def test_the_deployments_model_answers_who_says_nothing(house: Running) -> None:
    """A policy's default model is for those who name none; `auto` asks for a choice."""
    async with house.http() as http:
        rules = {"routing_rules": {"default_model": "sim:sim-echo", "strategy": "cost"}}
        (await http.put("/api/policies", json=rules)).raise_for_status()
        silent = (await http.post("/v1/chat/completions", json={"messages": HELLO})).raise_for_status().json()
    assert silent["perdure"]["model"] == "sim:sim-echo"
    answer, plan = await asked(house, model="auto")
    assert plan["strategy"] == "cost"
    assert answer.perdure["model"] != "sim:sim-echo"
