"""`/api/models`: what can be asked for, what it can do and what it costs."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api import examples_models as examples
from api.auth import Caller, DoorsOf
from api.documenting import documented
from api.doors import Doors
from api.json import json_response
from api.paging import DEFAULT_LIMIT, decode_name, encode_name, page_limit
from api.showing_models import shown_model, shown_provider
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.routing import Capability
from domain.catalog import ModelEntry, ModelQuery
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
async def list_models(
    caller: Caller,
    doors: DoorsOf,
    capability: Annotated[list[Capability], Query(description="What the model must be able to do.")] = [],  # noqa: B006
    provider: Annotated[list[str], Query(description="One of these providers.")] = [],  # noqa: B006
    tag: Annotated[list[str], Query(description="All of these tags.")] = [],  # noqa: B006
    region: Annotated[list[str], Query(description="One of these regions.")] = [],  # noqa: B006
    privacy: Annotated[list[str], Query(description="All of these promises.")] = [],  # noqa: B006
    min_window: Annotated[int | None, Query(ge=1, description="Tokens of prompt and answer together.")] = None,
    max_price: Annotated[
        Decimal | None, Query(ge=0, description="USD per million tokens, three parts of input and one of output.")
    ] = None,
    q: Annotated[str, Query(max_length=200, description="Words of the names, aliases and tags.")] = "",
    chats: Annotated[bool | None, Query(description="Answers chat turns, or is for other work.")] = None,
    deprecated: Annotated[bool, Query(description="Those on their way out as well.")] = False,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Response:
    """The models of the configured providers, provider by provider."""
    _check_providers(provider, doors)
    query = ModelQuery(
        capabilities=frozenset(capability),
        providers=frozenset(provider),
        tags=frozenset(tag),
        regions=frozenset(region),
        privacy=frozenset(privacy),
        min_window=min_window,
        max_price=max_price,
        text=q,
        chats=chats,
        deprecated=deprecated,
    )
    found = doors.catalog.query(query)
    begins = 0 if cursor is None else _after(decode_name(cursor), found)
    asked = page_limit(limit)
    page = found[begins : begins + asked]
    following = encode_name(str(page[-1].ref)) if len(found) > begins + asked else None
    data = [shown_model(entry) for entry in page]
    return json_response({"data": data, "total": len(found), "next_cursor": following})


@router.get(
    "/providers",
    responses=documented({200: ("All of them.", {"data": [examples.PROVIDER]})}, errors=(401, 503)),
)
async def list_providers(caller: Caller, doors: DoorsOf) -> Response:
    """The configured providers, how many models each has, and when it was last asked for its own list."""
    async with doors.database.begin() as connection:
        known = {one.provider: one for one in await discovered.states(connection)}
    entries = doors.catalog.entries
    counts: dict[str, int] = {}
    for entry in entries:
        if not entry.deprecated:
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
    _check_providers(provider, doors)
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
    catalog = doors.catalog
    return json_response(shown_model(catalog.entry(catalog.resolve(name))))


def _check_providers(named: list[str], doors: Doors) -> None:
    there = [one.provider for one in doors.catalogs.offers]
    for name in named:
        if name not in there:
            message = f"No provider is called {name[:100]!r}. Configured: {', '.join(there) or 'none'}."
            raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="provider")


def _after(name: str, found: tuple[ModelEntry, ...]) -> int:
    try:
        last = ModelRef.parse(name)
        return 1 + next(place for place, entry in enumerate(found) if entry.ref == last)
    except (StopIteration, ValueError):
        message = "The cursor's place is not in this listing (any more). Ask again without a cursor."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="cursor") from None
