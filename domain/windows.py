"""How many tokens a model takes, as far as the price list knows."""

from functools import lru_cache

from contracts.models import ModelRef


@lru_cache(maxsize=1024)
def context_window(model: ModelRef) -> int | None:
    """The model's context window in tokens, prompt and answer together; None where no list says."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model.model, None, model.provider, None)
    except LookupError:
        return None
    return found.context_window
