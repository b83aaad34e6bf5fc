"""Which models are asked for a step, and how: what the step says, else its agent, else the pipeline."""

from dataclasses import dataclass
from typing import Any, cast, get_args

from contracts.errors import ErrorKind, PerdureError
from contracts.models import ModelRef
from contracts.pipelines.agents import Agent, Defaults, ModelWork
from contracts.requests import Knobs
from contracts.routing import RoutingContext, Strategy
from domain.catalog import Catalog
from domain.pipelines.bounding import call_said

ROUTED = "auto"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a request says of who answers. No `models`: routing chooses. `max_input_tokens`: the prompt may not be longer."""

    models: tuple[ModelRef, ...]
    routing: RoutingContext
    knobs: Knobs
    max_input_tokens: int | None


def chosen(
    work: ModelWork, named: Agent | None, defaults: Defaults, catalog: Catalog, *, default_model: str | None = None
) -> Chosen:
    """Resolve the names. Raises `not_found` with near names for one that no provider has."""
    layers: list[ModelWork] = [work, *([named] if named is not None else []), defaults]
    said = call_said(work, named, defaults)
    names = said.models or ((default_model,) if default_model else ())
    routing = RoutingContext.model_validate(
        next((one.routing.model_dump() for one in layers if one.routing is not None), {})
    )
    models = tuple(dict.fromkeys(catalog.resolve(name) for name in names if name.partition(":")[0] != ROUTED))
    routed = next((name for name in names if name.partition(":")[0] == ROUTED), None)
    if routed is not None and routing.strategy is None:
        strategy = routed.partition(":")[2] or ("auto" if models else "")
        if strategy and strategy not in get_args(Strategy):
            raise PerdureError(ErrorKind.INVALID_REQUEST, f"There is no strategy {strategy[:100]!r}.", field="model")
        routing = routing.model_copy(update={"strategy": cast(Strategy, strategy) if strategy else None})
    knobs = Knobs(
        temperature=_nearest(layers, "temperature"),
        max_output_tokens=said.max_output_tokens,
        reasoning_effort=_nearest(layers, "reasoning_effort"),
    )
    return Chosen(models, routing, knobs, said.max_input_tokens)


def _nearest(layers: list[ModelWork], field: str) -> Any:
    return next((value for one in layers if (value := getattr(one, field)) is not None), None)
