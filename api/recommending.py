"""`/api/models/recommendations` and its kin: which model would answer, for what, at what price."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import examples_routes as examples
from api.auth import Caller, DoorsOf
from api.bodies import path_id
from api.documenting import documented
from api.json import json_response
from api.naming import chosen, names_for
from api.showing_routes import shown_route, usd
from api.wishing import ready_for, wish
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.requests import Knobs
from contracts.routing import Capability, RoutingContext, Strategy, TaskType
from contracts.usage import Cost
from domain.estimates import forecast
from domain.templates.shipped import SHIPPED, task_of
from storage import conversations

models_router = APIRouter(prefix="/api/models", tags=["models"])
chat_router = APIRouter(prefix="/api/chat", tags=["chat"])

CostPreference = Literal["auto", "balanced", "cost", "performance", "quality"]
Words = Annotated[str, Query(max_length=100_000)]


@models_router.get(
    "/recommendations",
    responses=documented({200: ("Who would be asked, and why.", examples.RECOMMENDATION)}, errors=(400, 401, 404)),
)
async def recommend(
    caller: Caller,
    doors: DoorsOf,
    task_type: Annotated[str | None, Query(max_length=100)] = None,
    context_length: Annotated[int, Query(ge=0, le=100_000_000, description="Tokens of the prompt.")] = 0,
    cost_preference: CostPreference = "balanced",
    difficulty: Annotated[float | None, Query(ge=0, le=1)] = None,
    require: Annotated[list[Capability], Query()] = [],  # noqa: B006
    max_output_tokens: Annotated[int | None, Query(ge=1)] = None,
    user: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The models for a kind of task, a length of prompt and a preference, best first, each with its reason.

    `task_type` is one of routing's tasks, or the name of a template that comes with Perdure (`customer_inquiry`).
    """
    strategy: Strategy = cost_preference
    routing = RoutingContext(
        strategy=strategy, task=_task(task_type), difficulty=difficulty, require=frozenset(require)
    )
    asked = wish("", routing, knobs=Knobs(max_output_tokens=max_output_tokens, user=user))
    ready = await ready_for(doors, caller, asked, further_tokens=context_length)
    return json_response(shown_route(ready.route()))


def _task(word: str | None) -> TaskType | None:
    if word is None or word in SHIPPED or task_of(word) is not None:
        return task_of(word)
    there = ", ".join((*TaskType, *SHIPPED))
    message = f"There is no task {word!r}. There are: {there}."
    raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="task_type")


@chat_router.get(
    "/model-recommendations",
    responses=documented({200: ("Who would be asked, and why.", examples.RECOMMENDATION)}, errors=(400, 401, 404)),
)
async def recommend_for_query(
    caller: Caller,
    doors: DoorsOf,
    query: Words,
    conversation_id: str | None = None,
    conversationId: str | None = None,  # noqa: N803 - the name that chat front ends send
    strategy: Strategy | None = None,
    user: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The models for what a user is about to say, judged from its text, and in a conversation from what it holds already."""
    given = conversation_id or conversationId
    conversation = None if given is None else path_id(given, "conversation", field="conversation_id")
    asked = wish(query, RoutingContext(strategy=strategy), knobs=Knobs(user=user))
    ready = await ready_for(doors, caller, asked, conversation_id=conversation)
    return json_response(shown_route(ready.route()))


@chat_router.get(
    "/cost-estimate",
    responses=documented({200: ("What an answer would cost.", examples.ESTIMATE)}, errors=(400, 401, 404)),
)
async def estimate_cost(
    caller: Caller,
    doors: DoorsOf,
    message: Words = "",
    model: str | None = None,
    model_id: str | None = None,
    modelId: str | None = None,  # noqa: N803 - the name that chat front ends send
    conversation_id: str | None = None,
    conversationId: str | None = None,  # noqa: N803
    context_length: Annotated[int, Query(ge=0, le=100_000_000, description="Further tokens of the prompt.")] = 0,
    max_output_tokens: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """What a message would cost at a model, at the conversation's, or at routing's choice: low, likely and worst, in USD.

    Low: one word, the conversation's prompt read from the vendor's cache. Worst: the longest answer, nothing cached, and a prompt
    that is longer by the vendor's count than by ours.
    """
    name, given = model or model_id or modelId, conversation_id or conversationId
    if not message and not context_length:
        raise PerdureError(ErrorKind.INVALID_REQUEST, "Give message, or context_length.", field="message")
    talk = None if given is None else path_id(given, "conversation", field="conversation_id")
    names, defaults = await names_for(doors, caller), tuple[ModelRef, ...]()
    if talk is not None:
        async with doors.database.begin() as connection:
            defaults = (await conversations.find(connection, talk, workspace_id=caller.workspace_id)).models
    models, routing = chosen(name, (), RoutingContext(), names, defaults=defaults)
    asked = wish(message, routing, models=models, knobs=Knobs(max_output_tokens=max_output_tokens))
    ready = await ready_for(
        doors,
        caller,
        asked,
        conversation_id=talk,
        further_tokens=context_length,
    )
    ref = ready.route().plan.candidates[0].model
    entry, needs = ready.catalog.entry(ref), ready.asked.needs
    sticky = ready.situation.sticky
    cached = sticky.cached_tokens if sticky is not None and sticky.model == ref else 0
    found = forecast(
        doors.price_book(caller.workspace_id),
        ref,
        at=doors.clock(),
        prompt=needs.input_tokens,
        cached=cached,
        asked=max_output_tokens,
        limit=entry.max_output,
        usual=needs.likely_answer,
    )
    return json_response(
        {
            "model": str(ref),
            "input_tokens": needs.input_tokens,
            "likely_output_tokens": needs.likely_answer,
            "most_output_tokens": needs.worst_answer(entry.max_output),
            "low_usd": _usd(found.low),
            "likely_usd": _usd(found.likely),
            "worst_usd": _usd(found.worst),
            "priced": found.likely.priced,
            "simulated": entry.simulated,
        }
    )


def _usd(cost: Cost) -> str | None:
    return usd(cost.total) if cost.priced else None
