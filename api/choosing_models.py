"""Which models a request asks to see: the filters that several doors share, and their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, Query

from api.auth import Caller, DoorsOf
from api.doors import Doors
from api.paging import DEFAULT_LIMIT, decode_name, encode_name, page_limit
from api.permitting import permit_of
from api.showing_models import shown_model
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.routing import Capability
from domain.catalog import Catalog, ModelEntry, ModelQuery
from domain.routing.permitting import Permit


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks to see: models of the caller's catalog, that are as `query` says, from a place in their listing on."""

    catalog: Catalog
    query: ModelQuery
    cursor: str | None
    limit: int
    permit: Permit

    def found(self) -> list[ModelEntry]:
        """The models that are as asked and that the caller may use, in the catalog's order."""
        return [
            entry for entry in self.catalog.query(self.query) if self.permit.everything or self.permit.allows(entry)
        ]


async def wanted(
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
) -> Wanted:
    """The request's filters. Raises `invalid_request` for a provider that is not configured."""
    check_providers(provider, doors)
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
    catalog = await doors.planner.catalog(caller.workspace_id)
    return Wanted(catalog, query, cursor, page_limit(limit), permit_of(doors, caller))


WantedModels = Annotated[Wanted, Depends(wanted)]


def page(found: Sequence[ModelEntry], asked: Wanted) -> dict[str, Any]:
    """The page that was asked for of what was found. Raises `invalid_request` for a cursor whose place is gone."""
    begins = 0 if asked.cursor is None else _after(decode_name(asked.cursor), found)
    here = found[begins : begins + asked.limit]
    following = encode_name(str(here[-1].ref)) if len(found) > begins + asked.limit else None
    return {"data": [shown_model(entry) for entry in here], "total": len(found), "next_cursor": following}


def check_providers(named: Sequence[str], doors: Doors) -> None:
    """Raise `invalid_request` for a provider that is not configured, with those that are."""
    there = [one.provider for one in doors.catalogs.offers]
    for name in named:
        if name not in there:
            message = f"No provider is called {name[:100]!r}. Configured: {', '.join(there) or 'none'}."
            raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="provider")


def _after(name: str, found: Sequence[ModelEntry]) -> int:
    try:
        last = ModelRef.parse(name)
        return 1 + next(place for place, entry in enumerate(found) if entry.ref == last)
    except (StopIteration, ValueError):
        message = "The cursor's place is not in this listing (any more). Ask again without a cursor."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field="cursor") from None
