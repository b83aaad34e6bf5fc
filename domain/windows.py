"""How many tokens a model takes, as far as the price list and our own facts know."""

from functools import lru_cache

from contracts.models import ModelRef
from domain.catalog import price_list
from domain.catalog.facts import family_of


@lru_cache(maxsize=1024)
def context_window(model: ModelRef) -> int | None:
    """The model's context window in tokens, prompt and answer together; None where nobody says."""
    listed = price_list.find(model.provider, model.model, None)
    if listed is not None and listed.window is not None:
        return listed.window
    family = family_of(model.model)
    return None if family is None else family.window
