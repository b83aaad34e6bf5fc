"""Who shall answer, by the names that a caller gives: models, or the wish that routing chooses."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from api.doors import Doors
from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.routing import RoutingContext, Strategy
from domain.catalog import Catalog
from storage.keys import ApiKey

ROUTED = "auto"
"""The name of no model: routing chooses. `auto:cost` says by which strategy."""
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that mean something to a caller. `default` is the deployment's model, where nobody names one."""

    catalog: Catalog
    default: str | None = None


async def names_for(doors: Doors, caller: ApiKey) -> Names:
    """The names under the policy of the caller's workspace."""
    return Names(await doors.planner.catalog(caller.workspace_id), doors.default_model)


def chosen(
    model: str | None,
    models: Sequence[str],
    routing: RoutingContext,
    names: Names,
    *,
    defaults: tuple[ModelRef, ...] = (),
) -> tuple[tuple[ModelRef, ...], RoutingContext]:
    """The models that are named, each once, and how routing is to go about it. No models: it chooses freely.

    `auto` beside `models` lets it choose among these. Raises `not_found` with near names for a model or provider that is not
    known, `invalid_request` for a strategy that is none.
    """
    _check_providers(routing, names.catalog)
    resolve = names.catalog.resolve
    others = tuple(dict.fromkeys(resolve(other, field=f"models.{at}") for at, other in enumerate(models)))
    if model is None and not others:
        named = defaults or ((resolve(names.default),) if names.default else ())
        return named, routing
    first, _, suffix = (model or "").partition(":")
    if model is not None and first != ROUTED:
        return tuple(dict.fromkeys((resolve(model), *others))), routing
    if model is not None and routing.strategy is None:
        routing = routing.model_copy(update={"strategy": _strategy(suffix) if suffix else _freely(others)})
    return others, routing


def resolved(given: Sequence[str], names: Names) -> tuple[ModelRef, ...]:
    """Models by their names. Raises `not_found` with near names."""
    return tuple(names.catalog.resolve(name, field=f"models.{at}") for at, name in enumerate(given))


def _freely(others: tuple[ModelRef, ...]) -> Strategy | None:
    """Among named models `auto` has to be said, since their order would count else; without any the policy's strategy does."""
    return "auto" if others else None


def _strategy(name: str) -> Strategy:
    for strategy in STRATEGIES:
        if name == strategy:
            return strategy
    near = get_close_matches(name, STRATEGIES, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(STRATEGIES)}."
    raise PerdureError(ErrorKind.INVALID_REQUEST, f"There is no strategy {name[:100]!r}. {hint}", field="model")


def _check_providers(routing: RoutingContext, catalog: Catalog) -> None:
    for field in ("providers", "exclude"):
        for name in sorted(getattr(routing, field)):
            if name in catalog.offers or (field == "exclude" and catalog.knows(name)):
                continue
            near = get_close_matches(name, catalog.offers, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Configured: {', '.join(catalog.offers)}."
            message = f"There is no provider {name[:100]!r}. {hint}"
            raise PerdureError(ErrorKind.NOT_FOUND, message, field=f"routing.{field}")
