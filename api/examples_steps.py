"""Examples of what the doors of steps show."""

from typing import Any

STEP: dict[str, Any] = {
    "id": "01935c5e-9b70-7c2d-8e52-4a1f6b8d3c21",
    "state": "completed",
    "content": "We are open until six.",
    "data": None,
    "confidence": None,
    "repaired": False,
    "model": "sim:sim-fast",
    "served_model": "sim-fast",
    "usage": {
        "prompt_tokens": 40,
        "completion_tokens": 8,
        "total_tokens": 48,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
    },
    "finish_reason": "stop",
    "error": None,
    "cost_usd": "0.000056",
    "priced": True,
    "attempts": 1,
    "samples": 1,
    "simulated": True,
    "turn_ids": ["01935c5e-9b71-7c2d-8e52-4a1f6b8d3c22"],
    "task_type": "customer_inquiry",
    "template": {"name": "customer_inquiry", "version": 0},
    "metadata": {},
    "created_at": "2026-11-21T12:00:00+00:00",
    "finished_at": "2026-11-21T12:00:01+00:00",
    "callback": None,
}
RUNNING: dict[str, Any] = {**STEP, "state": "running", "content": None, "finished_at": None}
STEP_BODY: dict[str, Any] = {
    "template": "customer_inquiry",
    "variables": {"inquiry": "When do you close?", "context": "Open from nine to six."},
    "model": "sim:sim-fast",
    "cost_limit": "0.05",
    "wait": 30,
}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "method": {"type": "string"}},
    "required": ["path", "method"],
    "additionalProperties": False,
}
STRUCTURED_BODY: dict[str, Any] = {"prompt": "Describe the endpoint that lists orders.", "schema": _SCHEMA}
STRUCTURED: dict[str, Any] = {
    **STEP,
    "content": '{"path": "/orders", "method": "GET"}',
    "data": {"path": "/orders", "method": "GET"},
    "task_type": None,
    "template": None,
}
TEMPLATE_BODY: dict[str, Any] = {
    "description": "Summarise a text.",
    "prompt": "Summarise in {{ sentences }} sentences:\n{{ text }}",
    "variables": {"text": {}, "sentences": {"type": "integer", "required": False, "default": 3}},
}
TEMPLATE: dict[str, Any] = {
    "name": "summary",
    "version": 1,
    "shipped": False,
    "created_at": "2026-11-21T12:00:00+00:00",
    **TEMPLATE_BODY,
}
PREVIEW: dict[str, Any] = {"name": "summary", "version": 1, "system": "", "prompt": "Summarise in 3 sentences:\n…"}
SCHEMA: dict[str, Any] = {
    "name": "endpoint",
    "version": 1,
    "created_at": "2026-11-21T12:00:00+00:00",
    "schema": _SCHEMA,
}
EVENTS = (
    'event: start\ndata: {"id":"01935c5e-9b70-7c2d-8e52-4a1f6b8d3c21","state":"running"}\n\n'
    'event: partial\ndata: {"data":{"path":"/ord"}}\n\n'
)
