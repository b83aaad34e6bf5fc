"""What activities work on, built once by the composition root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from activities.callbacks import Callbacks
from activities.health import Health
from activities.heartbeats import Load
from activities.planning import Planner
from contracts.toolbox import NoTools, Toolbox
from domain.pricing import STANDARD, PriceBook
from providers.protocol import Provider
from storage.database import Database
from storage.streams.log import StreamLog


def list_prices(workspace_id: UUID) -> PriceBook:
    """The list's own prices, the same for every workspace."""
    return STANDARD


@dataclass(frozen=True, slots=True)
class World:
    """The database, the stream log, the providers by name, `clock`, which gives the present in UTC, who plans, what is measured,
    and the worker's load.

    `told` are the thresholds of budgets that this process knows were told of. `price_lists` are the lists that have the
    providers' prices, by their names; `price_book` gives the prices that are in force for a workspace.
    `callbacks` tells results to addresses, None where the deployment signs none.
    `tools` are what steps of runs may call, `default_model` is asked where a pipeline names none.
    `batch_poll` is how many seconds pass between the first looks at a vendor's batch.
    """

    database: Database
    streams: StreamLog
    providers: Mapping[str, Provider]
    clock: Callable[[], datetime]
    planner: Planner
    health: Health
    load: Load = field(default_factory=Load)
    told: set[tuple[UUID, str, datetime, Decimal]] = field(default_factory=set)
    price_lists: Mapping[str, str] = field(default_factory=dict)
    price_book: Callable[[UUID], PriceBook] = list_prices
    callbacks: Callbacks | None = None
    tools: Toolbox = field(default_factory=NoTools)
    default_model: str | None = None
    batch_poll: float = 30.0
