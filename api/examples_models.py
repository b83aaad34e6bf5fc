"""Examples of models and providers for the OpenAPI document."""

from typing import Any

ENTRY: dict[str, Any] = {
    "id": "anthropic:claude-sonnet-4-5",
    "provider": "anthropic",
    "model": "claude-sonnet-4-5",
    "name": "Claude Sonnet 4.5",
    "window": 200000,
    "max_output": 64000,
    "capabilities": [
        "documents",
        "images",
        "json_schema",
        "parallel_tools",
        "prefill",
        "reasoning",
        "streaming",
        "tools",
    ],
    "quality": 0.85,
    "speed": 0.55,
    "tags": ["balanced", "code"],
    "aliases": ["claude-4.5-sonnet", "claude-sonnet-4.5"],
    "regions": ["us"],
    "privacy": ["no_training"],
    "tokenizer": "claude",
    "prices": {"input": "3", "output": "15", "cache_read": "0.3", "cache_write": "3.75", "blended": "6"},
    "chats": True,
    "simulated": False,
    "source": "listed",
    "deprecated": False,
}
PROVIDER: dict[str, Any] = {
    "provider": "ollama",
    "models": 2,
    "takes_any_name": True,
    "simulated": False,
    "local": True,
    "discovery": {
        "listed": 2,
        "requested_at": None,
        "checked_at": "2026-03-01T12:00:00+00:00",
        "found_at": "2026-03-01T12:00:00+00:00",
        "pending": False,
        "error": None,
    },
}
AWAY = {
    "provider": "openai",
    "model": "gpt-4o",
    "reason": "overloaded",
    "until": "2026-03-01T12:00:15+00:00",
}
REFRESH = {"requested_at": "2026-03-01T12:00:00+00:00", "providers": ["anthropic", "ollama"]}
