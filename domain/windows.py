"""How many tokens a model takes, as far as the price list and our own facts know."""

from functools import lru_cache

from contracts.models import ModelRef
from domain import price_lists
from domain.catalog.facts import family_of


@lru_cache(maxsize=1024)
def context_window(model: ModelRef, price_list: str | None = None) -> int | None:
    """The model's context window in tokens, prompt and answer together; None where nobody says.

    `price_list` is the list of the model's provider, as for `pricing.price`.
    """
    wanted = price_lists.list_of(model.provider) if price_list is None else price_list
    known = price_lists.find(wanted, model.model)
    if known is not None and known.model.context_window is not None:
        return known.model.context_window
    family = family_of(model.model)
    return None if family is None else family.window
