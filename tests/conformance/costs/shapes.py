"""Usage bodies in the shapes that vendors document, each with its cost worked out by hand from the vendor's own prices."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from contracts.usage import Usage
from providers.anthropic.usage import read_usage as read_anthropic
from providers.bedrock.usage import read_usage as read_bedrock
from providers.cohere.usage import read_usage as read_cohere
from providers.google.usage import read_usage as read_google
from providers.openai.usage import read_usage as read_openai

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLAUDE = {
    "input_tokens": 1000,
    "cache_read_input_tokens": 2000,
    "cache_creation_input_tokens": 1500,
    "cache_creation": {"ephemeral_5m_input_tokens": 1100, "ephemeral_1h_input_tokens": 400},
    "output_tokens": 300,
    "output_tokens_details": {"thinking_tokens": 120},
}
CHAT = {
    "prompt_tokens": 1000,
    "completion_tokens": 300,
    "total_tokens": 1300,
    "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 100, "audio_tokens": 0},
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One body; `usd` is what it costs at `at`, `total` the vendor's own sum of tokens."""

    model: str
    body: dict[str, Any]
    usd: str
    total: int
    read: Callable[[dict[str, Any]], Usage] = read_openai
    tier: str = ""
    at: datetime = NOON
    searches: int = 0

    @property
    def usage(self) -> Usage:
        """The body in normal form, with the searches that only the answer shows."""
        usage = self.read(self.body)
        return usage.model_copy(update={"web_searches": self.searches}) if self.searches else usage

    @property
    def cost(self) -> Decimal:
        """USD."""
        return Decimal(self.usd)


SHAPES = {
    # 600 x 1.25 + 400 x 0.125 + 300 x 10
    "openai": Shape("openai:gpt-5", CHAT, "0.0038", 1300, tier="default"),
    # Half of that.
    "openai flex": Shape("openai:gpt-5", CHAT, "0.0019", 1300, tier="flex"),
    # Twice that.
    "openai priority": Shape("openai:gpt-5", CHAT, "0.0076", 1300, tier="priority"),
    "openai batch": Shape("openai:gpt-5", CHAT, "0.0019", 1300, tier="batch"),
    # Beyond 272,000 tokens every token of input costs twice, of output 1.5 times: 300,000 x 5 + 1,000 x 22.50
    "openai long": Shape(
        "openai:gpt-5.4", {"input_tokens": 300_000, "output_tokens": 1000, "total_tokens": 301_000}, "1.5225", 301_000
    ),
    # 1000 x 1.25 + 100 x 10, and three searches at 10 a thousand
    "openai search": Shape(
        "openai:gpt-5", {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}, "0.03225", 1100, searches=3
    ),
    # 8 x 4 + 4012 x 5 + 5 x 20, the cache written
    "openai cache write": Shape(
        "openai:gpt-5.6-sol",
        {
            "input_tokens": 4020,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 4012},
            "output_tokens": 5,
            "total_tokens": 4025,
        },
        "0.020192",
        4025,
    ),
    # 40 x 2.50 + 60 x 32 + 10 x 10 + 40 x 64
    "openai audio": Shape(
        "openai:gpt-audio",
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "prompt_tokens_details": {"audio_tokens": 60, "text_tokens": 40, "cached_tokens": 0},
            "completion_tokens_details": {"audio_tokens": 40, "text_tokens": 10, "reasoning_tokens": 0},
        },
        "0.00468",
        150,
    ),
    # Azure sells the maker's models at the maker's price.
    "azure": Shape("azure:gpt-5", CHAT, "0.0038", 1300),
    # 1000 x 3 + 2000 x 0.30 + 1100 x 3.75 + 400 x 6 + 300 x 15
    "anthropic caches": Shape("anthropic:claude-sonnet-4-5", CLAUDE, "0.014625", 4800, read_anthropic),
    # Beyond 200,000 tokens: 300,000 x 6 + 100 x 22.50
    "anthropic long": Shape(
        "anthropic:claude-sonnet-4-5",
        {"input_tokens": 300_000, "output_tokens": 100},
        "1.80225",
        300_100,
        read_anthropic,
    ),
    # 1000 x 3 + 100 x 15, and two searches at 10 a thousand
    "anthropic search": Shape(
        "anthropic:claude-sonnet-4-5",
        {
            "input_tokens": 1000,
            "output_tokens": 100,
            "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        },
        "0.0245",
        1100,
        read_anthropic,
    ),
    # (1000 x 5 + 2000 x 0.50 + 1100 x 6.25 + 400 x 10 + 300 x 25) x 1.1
    "anthropic us only": Shape(
        "anthropic:claude-opus-4-6", {**CLAUDE, "inference_geo": "us"}, "0.0268125", 4800, read_anthropic
    ),
    "anthropic anywhere": Shape(
        "anthropic:claude-opus-4-6", {**CLAUDE, "inference_geo": "global"}, "0.024375", 4800, read_anthropic
    ),
    # Twice the standard prices
    "anthropic fast": Shape("anthropic:claude-opus-4-8", {**CLAUDE, "speed": "fast"}, "0.04875", 4800, read_anthropic),
    # Half of them
    "anthropic batch": Shape("anthropic:claude-opus-4-8", CLAUDE, "0.0121875", 4800, read_anthropic, tier="batch"),
    # Priority is bought as capacity; by the token it costs the standard price.
    "anthropic priority": Shape("anthropic:claude-opus-4-8", CLAUDE, "0.024375", 4800, read_anthropic, tier="priority"),
    # 1000 x 3 + 2000 x 0.30 + 1100 x 3.75 + 400 x 6 + 300 x 15
    "bedrock": Shape(
        "bedrock:global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        {
            "inputTokens": 1000,
            "cacheReadInputTokens": 2000,
            "cacheWriteInputTokens": 1500,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 1100}, {"ttl": "1h", "inputTokens": 400}],
            "outputTokens": 300,
            "totalTokens": 4800,
        },
        "0.014625",
        4800,
        read_bedrock,
    ),
    # A regional endpoint costs a tenth more: 1000 x 3.30 + 100 x 16.50
    "bedrock regional": Shape(
        "bedrock:eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        {"inputTokens": 1000, "outputTokens": 100, "totalTokens": 1100},
        "0.00495",
        1100,
        read_bedrock,
    ),
    # 300 x 0.30 + 500 x 1 + 100 x 0.03 + 100 x 0.10 + 80 x 2.50
    "gemini audio": Shape(
        "google:gemini-2.5-flash",
        {
            "prompt_token_count": 1000,
            "prompt_tokens_details": [
                {"modality": "TEXT", "token_count": 400},
                {"modality": "AUDIO", "token_count": 600},
            ],
            "cached_content_token_count": 200,
            "cache_tokens_details": [
                {"modality": "TEXT", "token_count": 100},
                {"modality": "AUDIO", "token_count": 100},
            ],
            "candidates_token_count": 50,
            "thoughts_token_count": 30,
            "total_token_count": 1080,
        },
        "0.000803",
        1080,
        read_google,
    ),
    # 33 x 2 + 1120 x 120 + 1189 x 12
    "gemini image": Shape(
        "google:gemini-3-pro-image-preview",
        {
            "prompt_token_count": 33,
            "candidates_token_count": 1780,
            "candidates_tokens_details": [{"modality": "IMAGE", "token_count": 1120}],
            "thoughts_token_count": 529,
            "total_token_count": 2342,
        },
        "0.148734",
        2342,
        read_google,
    ),
    # 250,000 x 2.50 + 100 x 15
    "gemini long": Shape(
        "google:gemini-2.5-pro",
        {"prompt_token_count": 250_000, "candidates_token_count": 100, "total_token_count": 250_100},
        "0.6265",
        250_100,
        read_google,
    ),
    # 136 x 1.25 + 414 x 10, and one grounded prompt at 35 a thousand, whatever the number of its queries
    "gemini 2 grounded": Shape(
        "google:gemini-2.5-pro",
        {
            "prompt_token_count": 17,
            "tool_use_prompt_token_count": 119,
            "candidates_token_count": 201,
            "thoughts_token_count": 213,
            "total_token_count": 550,
        },
        "0.03931",
        550,
        read_google,
        searches=3,
    ),
    # 1000 x 0.50 + 100 x 3, and three queries at 14 a thousand
    "gemini 3 grounded": Shape(
        "google:gemini-3-flash-preview",
        {"prompt_token_count": 1000, "candidates_token_count": 100, "total_token_count": 1100},
        "0.0428",
        1100,
        read_google,
        searches=3,
    ),
    # 70 x 2.50 + 30 x 10; the list has no price of Cohere's cache, which then costs the input's
    "cohere": Shape(
        "cohere:command-a-03-2025",
        {
            "tokens": {"input_tokens": 70.0, "output_tokens": 30.0},
            "billed_units": {"input_tokens": 5.0, "output_tokens": 30.0},
        },
        "0.000475",
        100,
        read_cohere,
    ),
    # 200 x 0.27 + 800 x 0.07 + 100 x 1.10
    "deepseek by day": Shape(
        "deepseek:deepseek-chat",
        {
            "prompt_tokens": 1000,
            "prompt_cache_hit_tokens": 800,
            "prompt_cache_miss_tokens": 200,
            "completion_tokens": 100,
            "total_tokens": 1100,
        },
        "0.00022",
        1100,
    ),
    # At night half: 1000 x 0.135 + 100 x 0.55
    "deepseek by night": Shape(
        "deepseek:deepseek-chat",
        {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
        "0.00019",
        1100,
        at=NOON.replace(hour=20),
    ),
}
