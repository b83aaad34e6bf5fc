"""What a run of a definition may come to at most, by a catalog's models and the prices of a day."""

from datetime import datetime

from contracts.errors import PerdureError
from contracts.models import ModelRef
from contracts.pipelines.definition import Pipeline
from domain.catalog import Catalog
from domain.pipelines.bounding import RunBound, bound
from domain.pipelines.call_prices import listed_call_prices
from domain.pipelines.knowing import NOTHING, Known
from domain.pricing import STANDARD, PriceBook


def worst_of(
    definition: Pipeline, catalog: Catalog, *, at: datetime, book: PriceBook = STANDARD, known: Known = NOTHING
) -> RunBound:
    """The bound. Where the deployment chooses, it may choose any real model, or, where there is none, any at all."""
    real = tuple(one for one in catalog.models if not catalog.simulated(one.provider)) or catalog.models

    def resolve(name: str) -> tuple[ModelRef, ...]:
        if name.partition(":")[0] == "auto":
            return real
        try:
            return (catalog.resolve(name),)
        except PerdureError:
            return ()

    return bound(definition, listed_call_prices(resolve, at=at, book=book), known=known)
