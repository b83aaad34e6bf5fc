"""A policy: what whoever runs the deployment says about models, routing and limits. It changes while work runs."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AliasChoices, ConfigDict, Field, model_validator

from contracts.base import Contract
from contracts.budgets import OnExceeded
from contracts.routing import Capability, Strategy, TaskType

Ratio = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1000)]
Name = Annotated[str, Field(min_length=1, max_length=300)]
"""A model as a caller would name it: `provider:model`, a bare name or an alias."""
Price = Annotated[Decimal, Field(ge=0, le=1_000_000)]
"""USD."""
Share = Annotated[Decimal, Field(ge=0, le=1)]
"""A share that is taken off a price: 0.15 is 15 %."""
Tokens = Annotated[int, Field(gt=0, le=1_000_000_000)]


class PolicyPart(Contract):
    """A part of a policy. Unknown fields are refused, since they are most often misspelt."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class PriceOverride(PolicyPart):
    """What a model costs here, in USD per million tokens; what is absent is the list's price.

    `cache_write` is for five minutes. Searches are USD per thousand calls. `discount` is the share taken off every price that
    comes from the list. `tier` limits the override to one service tier, by the vendor's word. It holds from the day `from` up to
    and without the day `until`, in UTC.
    """

    input: Price | None = None
    output: Price | None = None
    cache_read: Price | None = None
    cache_write: Price | None = None
    cache_write_1h: Price | None = None
    input_audio: Price | None = None
    output_audio: Price | None = None
    output_image: Price | None = None
    web_searches: Price | None = None
    file_searches: Price | None = None
    discount: Share | None = None
    tier: str | None = Field(default=None, min_length=1, max_length=100)
    since: date | None = Field(default=None, validation_alias=AliasChoices("from", "since"))
    until: date | None = None

    @model_validator(mode="after")
    def _some_day(self) -> "PriceOverride":
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError(f"until ({self.until}) must be after from ({self.since})")
        return self


class ModelPolicy(PolicyPart):
    """What is said about one model; what is absent is the catalog's fact. Quality and speed run from 0 to 1.

    `prices` are further overrides, for other days and tiers; the last that holds goes before `price` and those before it.
    """

    enabled: bool = True
    aliases: tuple[Name, ...] = ()
    tags: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    privacy: tuple[str, ...] = ()
    quality: Ratio | None = None
    speed: Ratio | None = None
    window: Tokens | None = None
    max_output: Tokens | None = None
    capabilities: dict[Capability, bool] = {}
    price: PriceOverride | None = None
    prices: tuple[PriceOverride, ...] = ()


class VolumeDiscount(PolicyPart):
    """`discount` is the share taken off the list's prices once `above` tokens were used in the calendar month, in UTC."""

    above: int = Field(ge=0, le=10**15)
    discount: Share


class PriceRules(PolicyPart):
    """How calls are priced.

    `unknown`: a model that has no price is not called (`error`), or it costs zero and its row says that the price is unknown.
    `free` are models (`provider:model`, where `*` stands for anything) that cost nothing, such as self-hosted ones. `volume` are
    discounts by month, for models named in the same way. `stated` says what is charged where the provider states its own charge:
    ours, with theirs beside it, or theirs.
    """

    unknown: Literal["error", "zero"] = "zero"
    free: tuple[Name, ...] = ()
    volume: dict[Name, tuple[VolumeDiscount, ...]] = {}
    stated: Literal["beside", "charged"] = "beside"


class Weights(PolicyPart):
    """How much each quality of a model counts in the `balanced` strategy. They are divided by their sum."""

    cost: Weight = 0.6
    quality: Weight = 0.4
    performance: Weight = 0

    @model_validator(mode="after")
    def _something_counts(self) -> "Weights":
        if self.cost + self.quality + self.performance == 0:
            raise ValueError("at least one weight must be above 0")
        return self


class Affinity(PolicyPart):
    """A conversation stays with its provider and model while that pays, at most `minutes` after its last turn. 0: never."""

    minutes: float = Field(default=60, ge=0, le=10080)


class Learning(PolicyPart):
    """How far what was measured moves a score.

    `bound` is the most that measurement, feedback and preference together add or take; `half_life_minutes` is the time after
    which an observation counts half; `exploration` is the share of requests that ask a model other than the best, to learn.
    """

    bound: Ratio = 0.2
    half_life_minutes: float = Field(default=30, gt=0, le=43200)
    exploration: Ratio = 0


class RoutingRules(PolicyPart):
    """Which models answer what.

    `fallback_chains` name, for a model, those that follow it; `fallback_chain` is for all others. `task_preferences` are asked
    first for a kind of task. A fallback whose price is above `max_price_multiple` times the first choice's is left out;
    null lifts that. `max_candidates` bounds a plan.
    """

    default_model: Name = "auto"
    strategy: Strategy = "balanced"
    weights: Weights = Weights()
    fallback_chain: tuple[Name, ...] = ()
    fallback_chains: dict[Name, tuple[Name, ...]] = {}
    task_preferences: dict[TaskType, tuple[Name, ...]] = {}
    max_price_multiple: float | None = Field(default=3, ge=1, le=1_000_000)
    max_candidates: int = Field(default=4, ge=1, le=20)
    affinity: Affinity = Affinity()
    learning: Learning = Learning()


class TierAccess(PolicyPart):
    """What callers of one user tier may use. Empty lists allow everything; names may end in `*`."""

    models: tuple[Name, ...] = ()
    tags: tuple[str, ...] = ()
    max_price: Price | None = None


class LimitPolicy(PolicyPart):
    """Limits in seconds and in calls, where a request says nothing of its own; see `contracts.turns.Limits`."""

    first_token: float | None = Field(default=None, gt=0, le=3600)
    idle: float | None = Field(default=None, gt=0, le=3600)
    attempt: float | None = Field(default=None, gt=0, le=7200)
    step: float | None = Field(default=None, gt=0, le=86400)
    retry_after: float | None = Field(default=None, ge=0, le=3600)
    same_candidate: int | None = Field(default=None, ge=1, le=20)
    only_candidate: int | None = Field(default=None, ge=1, le=50)
    attempts: int | None = Field(default=None, ge=1, le=100)


class Breaker(PolicyPart):
    """When a model at a provider is left alone: `failures` in a row, or `failure_rate` of at least `minimum` calls within
    `window_seconds`. `probe_seconds` later one call is let through; its success closes the breaker.
    """

    failures: int = Field(default=5, ge=1, le=1000)
    failure_rate: Ratio = 0.5
    minimum: int = Field(default=10, ge=1, le=1_000_000)
    window_seconds: float = Field(default=60, gt=0, le=3600)
    probe_seconds: float = Field(default=15, gt=0, le=3600)


class Switches(PolicyPart):
    """What may happen at all.

    `fallback_on_refusal`: another model is asked where one declined the content. `discovery`: the providers' own lists of models
    are merged into the catalog. `classify`: a request's task and difficulty are found out where it does not say them.
    `wait_for_limit`: a turn waits for a rate limit that it can afford, rather than fail.
    """

    fallback_on_refusal: bool = False
    discovery: bool = True
    classify: bool = True
    wait_for_limit: bool = True


class BudgetRules(PolicyPart):
    """What a turn does that a hard budget has no room for.

    `on_exceeded`: `reject` fails it, `downgrade` asks a cheaper model, `wait` lets it wait at most `wait_minutes` until somebody
    raises the limit or the window renews. `max_output_tokens` bounds an answer where the request does not and a hard budget in
    USD or tokens counts it: as much is reserved, and no more is asked for.
    """

    on_exceeded: OnExceeded = "reject"
    wait_minutes: float = Field(default=1440, gt=0, le=43200)
    max_output_tokens: Tokens = 8192


class Policy(PolicyPart):
    """The whole of it. `models` is keyed by `provider:model`; `user_tiers` by a tier's name."""

    version: int = Field(default=1, ge=1, le=1, description="The version of this language.")
    models: dict[Name, ModelPolicy] = {}
    routing_rules: RoutingRules = RoutingRules()
    limits: LimitPolicy = LimitPolicy()
    user_tiers: dict[Name, TierAccess] = {}
    breaker: Breaker = Breaker()
    switches: Switches = Switches()
    pricing: PriceRules = PriceRules()
    budgets: BudgetRules = BudgetRules()


@dataclass(frozen=True, slots=True)
class VersionedPolicy:
    """A policy as it is in force. `version` is twelve hex digits of its content's hash: the same version says the same."""

    policy: Policy
    version: str
