"""The catalog: which models there are, what is known of each, and which names mean them."""

from domain.catalog.catalog import Catalog
from domain.catalog.catalogs import Catalogs
from domain.catalog.entry import OTHER_WORK, ModelEntry, Prices
from domain.catalog.offers import SIMULATED_MODELS, Offer, listed_models, offer
from domain.catalog.overrides import with_policy
from domain.catalog.query import ModelQuery

__all__ = [
    "OTHER_WORK",
    "SIMULATED_MODELS",
    "Catalog",
    "Catalogs",
    "ModelEntry",
    "ModelQuery",
    "Offer",
    "Prices",
    "listed_models",
    "offer",
    "with_policy",
]
