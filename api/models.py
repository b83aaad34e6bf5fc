"""`/api/models`: what can be asked for, what it can do and what it costs."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import examples_models as examples
from api.auth import Caller, DoorsOf
from api.choosing_models import Wanted, WantedModels, check_providers, page
from api.documenting import documented
from api.json import json_response
from api.permitting import permit_of, permitted_entry
from api.showing_models import shown_away, shown_model, shown_provider
from api.standing import Away, away
from contracts.models import ModelRef
from storage import discovered

router = APIRouter(prefix="/api/models", tags=["models"])
by_name = APIRouter(prefix="/api/models", tags=["models"])
"""The one path that takes any name, to be included after all that is under `/api/models/`."""

Names = Annotated[list[str], Query()]


@router.get(
    "",
    responses=documented(
        {200: ("A page.", {"data": [examples.ENTRY], "total": 1, "next_cursor": None})}, errors=(400, 401)
    ),
)
async def list_models(asked: WantedModels) -> Response:
    """The models of the configured providers under the workspace's policy that the key may use, provider by provider."""
    return json_response(page(asked.found(), asked))


@router.get(
    "/available",
    responses=documented(
        {
            200: (
                "A page, and what is left out.",
                {"data": [examples.ENTRY], "total": 1, "next_cursor": None, "away": [examples.AWAY]},
            )
        },
        errors=(400, 401, 503),
    ),
)
async def list_available(asked: WantedModels, doors: DoorsOf) -> Response:
    """Those that can be asked now: their provider is there and takes our key, and no breaker keeps calls from them."""
    async with doors.database.begin() as connection:
        gone = await away(connection, asked.catalog.offers, now=doors.clock())
    found = [entry for entry in asked.found() if not gone.has(entry.ref)]
    told = [one for one in gone.all if asked.permit.everything or _concerns(asked, one)]
    return json_response({**page(found, asked), "away": [shown_away(one) for one in told]})


@router.get(
    "/providers",
    responses=documented({200: ("All of them.", {"data": [examples.PROVIDER]})}, errors=(401, 503)),
)
async def list_providers(caller: Caller, doors: DoorsOf) -> Response:
    """The configured providers, how many models each has, and when it was last asked for its own list."""
    async with doors.database.begin() as connection:
        known = {one.provider: one for one in await discovered.states(connection)}
    entries, permit = (await doors.planner.catalog(caller.workspace_id)).entries, permit_of(doors, caller)
    counts: dict[str, int] = {}
    for entry in entries:
        if not entry.deprecated and (permit.everything or permit.allows(entry)):
            counts[entry.ref.provider] = counts.get(entry.ref.provider, 0) + 1
    shown = [
        shown_provider(one, models=counts.get(one.provider, 0), discovery=known.get(one.provider))
        for one in doors.catalogs.offers
    ]
    return json_response({"data": shown})


@router.post(
    "/refresh",
    status_code=202,
    responses=documented({202: ("A worker will ask them.", examples.REFRESH)}, errors=(400, 401, 503)),
)
async def refresh(caller: Caller, doors: DoorsOf, provider: Names = []) -> Response:  # noqa: B006
    """Have the providers asked for their own lists of models. A worker does so within seconds; `/providers` shows what came.

    Simulated providers are not asked: what they have is known.
    """
    check_providers(provider, doors)
    named = [
        one.provider
        for one in doors.catalogs.offers
        if not one.simulated and (not provider or one.provider in provider)
    ]
    now = doors.clock()
    async with doors.database.begin() as connection:
        await discovered.request(connection, named, now=now)
    return json_response({"requested_at": now.isoformat(), "providers": named}, 202)


@by_name.get("/{name:path}", responses=documented({200: ("The model.", examples.ENTRY)}, errors=(401, 404)))
async def get_model(name: str, caller: Caller, doors: DoorsOf) -> Response:
    """One model, by `provider:model`, bare name or alias; a dated version is known as well."""
    catalog = await doors.planner.catalog(caller.workspace_id)
    return json_response(shown_model(permitted_entry(catalog, name, permit_of(doors, caller))))


def _concerns(asked: Wanted, one: Away) -> bool:
    """Whether what is away is a provider, or a model that the caller may use."""
    return not one.model or asked.permit.allows(asked.catalog.entry(ModelRef(provider=one.provider, model=one.model)))
