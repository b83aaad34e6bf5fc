"""A project that had an AI service of its own, moved by a changed import."""

from collections.abc import AsyncIterator
from dataclasses import fields

import pytest
import pytest_asyncio

from perdure_client import (
    DEFAULT_TEMPLATES,
    AIModelType,
    AIResponse,
    AIService,
    AIServiceError,
    PromptTemplate,
    get_ai_service,
    set_ai_service,
)
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

ECHO = "sim:sim-echo"


@pytest_asyncio.fixture(loop_scope="module")
async def service(house: Running) -> AsyncIterator[AIService]:
    own = {"haiku": PromptTemplate("haiku", "A haiku on {subject}")}
    made = AIService(house.key, house.url, default_model=ECHO, templates=own)
    yield made
    await made.close()


async def test_text_is_processed(service: AIService) -> None:
    answer = await service.process_text("Hello", system_message="Be kind", max_tokens=50, temperature=0.2)
    assert answer.is_success
    assert (answer.content, answer.model, answer.finish_reason) == ("Simulated answer: Hello", ECHO, "stop")
    assert answer.usage is not None
    assert answer.usage["total_tokens"] == answer.usage["prompt_tokens"] + answer.usage["completion_tokens"]
    assert answer.cost is not None
    assert [field.name for field in fields(AIResponse)][:5] == ["content", "model", "usage", "finish_reason", "error"]


async def test_templates_are_ours_or_perdure_s(service: AIService) -> None:
    assert (await service.process_with_template("haiku", {"subject": "rain"})).content.endswith("A haiku on rain")
    assert DEFAULT_TEMPLATES.keys() == {
        "customer_inquiry",
        "generic_processing",
        "lead_qualification",
        "service_recommendation",
    }
    answer = await service.process_with_template("generic_processing", {"text": "abc", "instruction": "Spell it"})
    assert answer.content == "Simulated answer: Spell it\n\nabc"
    with pytest.raises(AIServiceError, match="Missing required variables: subject"):
        await service.process_with_template("haiku", {})
    with pytest.raises(AIServiceError, match="missing inquiry") as raised:
        await service.process_with_template("customer_inquiry", {})
    assert (raised.value.kind, raised.value.status, raised.value.field) == ("invalid_request", 400, "variables")


async def test_a_model_s_failure_is_in_the_response(service: AIService, house: Running) -> None:
    failed = await service.process_text("Hello", model="sim:sim-auth")
    assert failed.content == ""
    assert failed.error
    assert not failed.is_success
    saved = await service.process_text("Hello", model="sim:sim-auth", fallback_models=[ECHO])
    assert (saved.model, saved.error) == (ECHO, None)


async def test_one_key_is_paid_once(service: AIService, house: Running) -> None:
    first = await service.process_text("Hello", idempotency_key="client-1")
    assert await service.process_text("Hello", idempotency_key="client-1") == first
    assert len(house.asked()) == 1


async def test_models_are_listed_chosen_and_priced(service: AIService) -> None:
    models = await service.get_available_models()
    assert ECHO in {one["id"] for one in models}
    names = {one["id"] for one in models}
    assert await service.select_optimal_model("lead_qualification", 1_000, "low") in names
    assert await service.select_optimal_model("something of our own") in names
    costs = await service.get_model_costs("openai:gpt-4o", 1_000_000)
    assert costs["output_cost"] > costs["total_cost"] > costs["input_cost"] > 0


async def test_models_are_named_by_member(service: AIService) -> None:
    answer = await service.process_text("Hello", model=AIModelType.GPT_4)
    assert answer.model == "openai:gpt-4"


async def test_there_is_one_shared_instance(service: AIService) -> None:
    set_ai_service(service)
    assert get_ai_service() is service
    set_ai_service(None)
    made = get_ai_service()
    assert get_ai_service() is made
    set_ai_service(None)
    await made.close()


async def test_a_service_that_is_away_and_a_wrong_key_raise(house: Running) -> None:
    for service, says in (
        (AIService("x", "http://127.0.0.1:9"), "cannot be reached"),
        (AIService("no", house.url), "key"),
    ):
        with pytest.raises(AIServiceError, match=says):
            await service.process_text("Hello")
        await service.close()
