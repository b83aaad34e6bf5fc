"""What a request may say about who shall answer it, and the words of routing."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field

from contracts.base import Contract

Strategy = Literal["auto", "balanced", "cost", "performance", "quality", "round_robin", "least_busy", "manual"]
"""How candidates are ranked. `manual` keeps the order asked for; `auto` chooses by task and difficulty."""

CostSensitivity = Literal["low", "medium", "high"]
LatencyNeed = Literal["fast", "balanced", "quality"]


class TaskType(StrEnum):
    """What kind of work a request is."""

    SIMPLE = "simple"
    COMPLEX = "complex"
    CREATIVE = "creative"
    ANALYTICAL = "analytical"
    CODE = "code"
    EXTRACTION = "extraction"
    TRANSLATION = "translation"
    TOOL_USE = "tool_use"


class Capability(StrEnum):
    """What a model can take or give beyond text."""

    TOOLS = "tools"
    PARALLEL_TOOLS = "parallel_tools"
    JSON_SCHEMA = "json_schema"
    IMAGES = "images"
    DOCUMENTS = "documents"
    AUDIO = "audio"
    REASONING = "reasoning"
    PREFILL = "prefill"
    STREAMING = "streaming"


class RoutingContext(Contract):
    """What a request says about its routing; whatever is absent is found out or taken from the policy.

    `difficulty` and `quality_floor` run from 0 to 1. `max_price` bounds the likely cost of the answer, in USD. `tags` and
    `privacy` must all be held by a model, `regions` at least one of. `providers` are the only ones allowed, where any are named;
    `exclude` names providers or models (`provider:model`) that must not answer. With `fallbacks` false the first choice answers
    or nobody does.
    """

    strategy: Strategy | None = None
    task: TaskType | None = None
    difficulty: float | None = Field(default=None, ge=0, le=1)
    cost_sensitivity: CostSensitivity | None = None
    latency: LatencyNeed | None = None
    quality_floor: float | None = Field(default=None, ge=0, le=1)
    user_tier: str | None = Field(default=None, min_length=1, max_length=100)
    max_price: Decimal | None = Field(default=None, ge=0, le=1_000_000, decimal_places=20)
    require: frozenset[Capability] = frozenset()
    tags: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    privacy: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    fallbacks: bool = True
