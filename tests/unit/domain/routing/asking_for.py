"""Short words for planning over a shelf of models."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from contracts.errors import PerdureError
from contracts.models import ModelRef
from contracts.policies import Policy
from contracts.routing import RoutingContext
from domain.catalog import ModelEntry
from domain.routing import Asked, Needs, Routed, Situation, prepare, route
from tests.unit.domain.routing.catalogs import NOTHING_KNOWN, SHELF


def routed(
    *,
    shelf: Iterable[ModelEntry] = SHELF,
    policy: Mapping[str, Any] | None = None,
    needs: Needs = Needs(1_000),  # noqa: B008 - frozen
    models: Iterable[str] = (),
    situation: Situation = NOTHING_KNOWN,
    **context: Any,
) -> Routed:
    """Plan a request whose routing context has these fields."""
    asked = Asked(needs, RoutingContext.model_validate(context), tuple(ModelRef.parse(one) for one in models))
    return route(prepare(shelf, Policy.model_validate(policy or {}), version="v7"), asked, situation)


def names(made: Routed) -> list[str]:
    """The candidates, in order."""
    return [str(one.model) for one in made.plan.candidates]


def everybody(made: Routed) -> set[str]:
    """Candidates and alternatives."""
    return {str(one.model) for one in (*made.plan.candidates, *made.plan.alternatives)}


def reason(made: Routed, at: int = 0) -> str:
    """The reason for a candidate's place."""
    return made.plan.candidates[at].reason


def refused(**asked: Any) -> PerdureError:
    """The error of a request that cannot be planned."""
    with pytest.raises(PerdureError) as caught:
        routed(**asked)
    return caught.value
