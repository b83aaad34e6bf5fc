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
    """The names that mean something to a caller. `default` is the deployment's model, where nobody names one.

    `strategy` is how `auto` chooses where the policy's own default is one model; None: as the policy says.
    """

    catalog: Catalog
    default: str | None = None
    strategy: Strategy | None = None


async def names_for(doors: Doors, caller: ApiKey) -> Names:
    """The names under the policy of the caller's workspace."""
    rules = doors.policies.effective(caller.workspace_id).policy.routing_rules
    routed = is_routed(rules.default_model)
    return Names(
        await doors.planner.catalog(caller.workspace_id), doors.default_model, None if routed else rules.strategy
    )


def is_routed(name: str) -> bool:
    """`auto`, or `auto:` and a strategy."""
    return name.partition(":")[0] == ROUTED


def chosen(
    model: str | None,
    models: Sequence[str],
    routing: RoutingContext,
    names: Names,
    *,
    defaults: tuple[ModelRef, ...] = (),
    field: str = "model",
) -> tuple[tuple[ModelRef, ...], RoutingContext]:
    """The models that are named, each once, and how routing is to go about it. No models: it chooses freely.

    `auto` beside `models` lets it choose among these. `field` is what the caller calls `model`. Raises `not_found` with near
    names for a model or provider that is not known, `invalid_request` for a strategy that is none.
    """
    _check_providers(routing, names.catalog)
    others = resolved(models, names)
    if model is None and not others:
        if defaults:
            return defaults, routing
        if routing.strategy not in (None, "manual"):
            # Who says how to choose wants a choice, not the model that is there for those who say nothing.
            return (), routing
        model = names.default
    if model is None:
        return others, routing
    if not is_routed(model):
        return tuple(dict.fromkeys((names.catalog.resolve(model, field=field), *others))), routing
    _, colon, suffix = model.partition(":")
    strategy = _strategy(suffix, field) if colon else None
    if strategy is not None and routing.strategy not in (None, strategy):
        message = f"{model} asks for another strategy than routing.strategy, {routing.strategy}. Say one of them."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
    strategy = strategy or routing.strategy or ("auto" if others else names.strategy)
    return others, routing if strategy is None else routing.model_copy(update={"strategy": strategy})


def resolved(given: Sequence[str], names: Names) -> tuple[ModelRef, ...]:
    """Models by their names, each once. Raises `not_found` with near names, and `invalid_request` for `auto`, which is none."""
    return tuple(dict.fromkeys(_resolved(name, f"models.{at}", names) for at, name in enumerate(given)))


def _resolved(name: str, field: str, names: Names) -> ModelRef:
    if is_routed(name):
        message = f"{name[:100]} is no model. Say it as model: models then holds those to choose among."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
    return names.catalog.resolve(name, field=field)


def _strategy(name: str, field: str) -> Strategy:
    for strategy in STRATEGIES:
        if name == strategy:
            return strategy
    near = get_close_matches(name, STRATEGIES, n=1, cutoff=0.5)
    hint = f"Did you mean {ROUTED}:{near[0]}?" if near else f"There are {', '.join(STRATEGIES)}."
    raise PerdureError(ErrorKind.INVALID_REQUEST, f"There is no strategy {name[:100]!r}. {hint}", field=field)


def _check_providers(routing: RoutingContext, catalog: Catalog) -> None:
    for field in ("providers", "exclude"):
        for name in sorted(getattr(routing, field)):
            if name in catalog.offers or (field == "exclude" and catalog.knows(name)):
                continue
            near = get_close_matches(name, catalog.offers, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Configured: {', '.join(catalog.offers)}."
            message = f"There is no provider {name[:100]!r}. {hint}"
            raise PerdureError(ErrorKind.NOT_FOUND, message, field=f"routing.{field}")
