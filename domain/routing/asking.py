"""What routing is asked: the request's own words, and what is known at the moment of planning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from contracts.health import Measured
from contracts.models import ModelRef
from contracts.routing import RoutingContext, TaskType
from contracts.turns import Limits, OnNewAttempt
from domain.routing.needs import Needs


class Classification(Protocol):
    """What a classifier took a request for. `difficulty` and `confidence` run from 0 to 1."""

    @property
    def task(self) -> TaskType:
        """The kind of work."""

    @property
    def difficulty(self) -> float:
        """How strong a model the request needs."""

    @property
    def confidence(self) -> float:
        """How sure the classifier is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as routing sees it. `models` are those that the caller named, in order; empty: routing chooses.

    `allowed_models` are names, as in a tier's list, of the only models that the caller's key may use; None: all.
    """

    needs: Needs = field(default_factory=Needs)
    context: RoutingContext = field(default_factory=RoutingContext)
    models: tuple[ModelRef, ...] = ()
    limits: Limits = field(default_factory=Limits)
    on_new_attempt: OnNewAttempt = "reset"
    allowed_models: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sticky:
    """The model that a conversation last had, the prompt tokens that it holds in its cache, and how long ago, in seconds."""

    model: ModelRef
    cached_tokens: int
    seconds_ago: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at `now`.

    `feedback` and `preference` run from -1 to 1 by model. `budget_left` is the smallest amount that any budget leaves, in USD.
    `rotation` counts requests, for round robin. `seed` decides exploration; the same seed decides the same.
    """

    now: datetime
    measured: Mapping[ModelRef, Measured] = field(default_factory=dict)
    feedback: Mapping[ModelRef, float] = field(default_factory=dict)
    preference: Mapping[ModelRef, float] = field(default_factory=dict)
    sticky: Sticky | None = None
    budget_left: Decimal | None = None
    rotation: int = 0
    seed: str = ""
    classified: Classification | None = None
