"""What vendors charge that the price list cannot say: it depends on the answer, or is printed apart from the models."""

from decimal import Decimal

from contracts.usage import Usage
from domain.pricing.rates import Rates

_XAI_TOOLS = {
    "web_searches_kcount": Decimal(5),
    "social_searches_kcount": Decimal(5),
    "code_executions_kcount": Decimal(5),
    "attachment_searches_kcount": Decimal(10),
    "storage_searches_kcount": Decimal("2.50"),
}
"""USD per thousand calls of xAI's own tools, the same for every model (docs.x.ai/developers/pricing)."""

_PERPLEXITY_REQUESTS = {
    "sonar": {"low": Decimal(5), "medium": Decimal(8), "high": Decimal(12)},
    "sonar-reasoning": {"low": Decimal(5), "medium": Decimal(8), "high": Decimal(12)},
    "sonar-pro": {"low": Decimal(6), "medium": Decimal(10), "high": Decimal(14)},
    "sonar-reasoning-pro": {"low": Decimal(6), "medium": Decimal(10), "high": Decimal(14)},
}
"""USD per thousand requests by depth of search (docs.perplexity.ai/getting-started/pricing); the list has the highest alone."""

_US_ONLY = Decimal("1.1")
"""Anthropic's factor on every token where inference stays in the US; only models that can be told so say where they ran
(platform.claude.com/docs/en/about-claude/pricing, "Data residency pricing")."""

_PER_GROUNDED_PROMPT = ("gemini-1", "gemini-2")
"""Google bills these by the grounded prompt, later models by the search query (ai.google.dev/gemini-api/docs/pricing)."""


def with_surcharges(rates: Rates, usage: Usage, *, known_as: str, model: str) -> Rates:
    """The rates with what the vendor charges by its own rules; `known_as` is the list's word for the vendor."""
    match known_as:
        case "x-ai":
            return Rates({**_XAI_TOOLS, **rates.prices}, rates.source)
        case "perplexity" if usage.search_context in (fees := _PERPLEXITY_REQUESTS.get(model, {})):
            return Rates({**rates.prices, "requests_kcount": fees[usage.search_context]}, rates.source)
        case "anthropic" if usage.geo == "us":
            return rates.token_rates_times(_US_ONLY, "US-only inference x 1.1")
        case _:
            return rates


def billed(usage: Usage, *, known_as: str, model: str) -> Usage:
    """The usage as the vendor bills it.

    Where Perplexity charges by the request, its searches and citations are part of that fee.
    """
    if known_as == "google" and model.startswith(_PER_GROUNDED_PROMPT) and usage.web_searches > 1:
        return usage.model_copy(update={"web_searches": 1})
    if known_as == "perplexity" and model in _PERPLEXITY_REQUESTS:
        return usage.model_copy(update={"web_searches": 0, "citation": 0, "output": usage.output - usage.citation})
    return usage
