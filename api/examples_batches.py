"""Examples of what the doors of batches take and show."""

import json
from typing import Any

OUTLINE: dict[str, Any] = {
    "id": "01935c5e-9b70-7c2d-8e52-4a1f6b8d3c21",
    "name": "reviews of November",
    "state": "running",
    "cancelling": False,
    "mode": "auto",
    "items": 2000,
    "created_at": "2026-11-21T12:00:00+00:00",
    "started_at": "2026-11-21T12:00:00.1+00:00",
    "finished_at": None,
}
BATCH: dict[str, Any] = {
    **OUTLINE,
    "counts": {"total": 2000, "completed": 1000, "failed": 0, "cancelled": 0, "unfinished": 1000},
    "cost_usd": "0.0415",
    "cost_at_batch_prices_usd": "0.0415",
    "parts": [
        {
            "number": 1,
            "model": "openai:gpt-5-mini",
            "state": "collected",
            "items": 1000,
            "vendor_batch_id": "batch_68f3",
            "message": None,
            "submitted_at": "2026-11-21T12:00:04+00:00",
            "collected_at": "2026-11-21T13:10:00+00:00",
        }
    ],
    "results_url": "/api/batches/01935c5e-9b70-7c2d-8e52-4a1f6b8d3c21/results",
}
_LINES: list[dict[str, Any]] = [
    {"custom_id": "review-1", "turn": {"model": "openai:gpt-5-mini", "content": "Is this kind? Thanks a lot!"}},
    {
        "custom_id": "review-2",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "openai:gpt-5-mini", "messages": [{"role": "user", "content": "Is this kind? Go away."}]},
    },
]
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "A JSON object in each line."},
                "example": "\n".join(map(json.dumps, _LINES)),
            }
        },
    }
}
RESULTS = json.dumps(
    {
        "custom_id": "review-1",
        "kind": "turn",
        "turn_id": "01935c5e-9b71-7c2d-8e52-4a1f6b8d3c22",
        "state": "completed",
        "content": "Yes.",
        "model": "openai:gpt-5-mini",
        "finish_reason": "stop",
        "cost_usd": "0.00001",
        "error": None,
    }
)
