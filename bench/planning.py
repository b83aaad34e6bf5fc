"""How long a plan takes with every model that is listed."""

import gc
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target
from contracts.health import Measured
from contracts.models import ModelRef
from contracts.policies import Policy
from contracts.routing import Capability, RoutingContext, Strategy
from domain.catalog import Catalogs, offer
from domain.routing import Asked, Needs, Prepared, Situation, Sticky, prepare, route

ROUNDS = 60
"""Plans of each kind."""


async def measure(_: Target) -> list[Figure]:
    """Plans from all models under every strategy, half of them with health known of every model; then plans from named ones."""
    from genai_prices.data_snapshot import get_snapshot

    offers = [offer(one.id, own_server=False, simulated=False) for one in get_snapshot().providers]
    catalog = Catalogs(offers, on=datetime.now(UTC).date()).plain
    prepare(catalog, Policy())  # the price list is read, and numpy loaded, once per process
    began = time.perf_counter()
    prepared = prepare(catalog, Policy(), version="bench")
    preparing = time.perf_counter() - began
    chosen = _timed(prepared, ())
    named = _timed(prepared, (prepared.entries[0].ref, prepared.entries[-1].ref))
    return [
        Figure("models", f"{len(prepared.entries):,}"),
        Figure("preparing a catalog and a new policy", milliseconds(preparing), aim="100 ms"),
        Figure("plan over all, p50", milliseconds(quantile(chosen, 0.5))),
        Figure("plan over all, p95", milliseconds(quantile(chosen, 0.95)), aim="10 ms"),
        Figure("plan over two that are named, p50", milliseconds(quantile(named, 0.5))),
        Figure("plan over two that are named, p95", milliseconds(quantile(named, 0.95)), aim="10 ms"),
    ]


def _timed(prepared: Prepared, models: tuple[ModelRef, ...]) -> list[float]:
    entries, now = prepared.entries, datetime.now(UTC)
    measured = {
        entry.ref: Measured(
            first_token_p50=0.2 + index % 17 / 10,
            first_token_p95=2.0,
            tokens_per_second=20.0 + index % 90,
            error_rate=index % 10 / 50,
            calls=20,
            in_flight=index % 5,
        )
        for index, entry in enumerate(entries)
    }
    plain = RoutingContext()
    strict = RoutingContext(max_price=Decimal(1), quality_floor=0.3, require=frozenset({Capability.TOOLS}))
    situations = [
        Situation(now),
        Situation(now, measured=measured, sticky=Sticky(entries[0].ref, 2_000, 60), budget_left=Decimal(10)),
    ]
    samples = []
    strategies = [one for one in get_args(Strategy) if models or one != "manual"]
    gc.collect()
    for round_ in range(ROUNDS):
        for strategy in strategies:
            for context in (plain,) if models else (plain, strict):
                asked = Asked(Needs(3_000), context.model_copy(update={"strategy": strategy}), models)
                situation = situations[round_ % 2]
                began = time.perf_counter()
                route(prepared, asked, situation)
                samples.append(time.perf_counter() - began)
    return samples
