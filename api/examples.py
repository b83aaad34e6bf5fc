"""Examples for the OpenAPI document: what a first look at each answer should show."""

from typing import Any

_TURN_ID = "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b10"
_CONVERSATION_ID = "01935c5e-80aa-7f00-8c55-6a1d2e3f4b5c"
_MESSAGE_ID = "01935c5e-9c03-7d2e-b7aa-0c1d2e3f4a5b"
_BEGAN, _ENDED = "2026-03-01T12:00:00+00:00", "2026-03-01T12:00:02+00:00"
_MODEL = {"provider": "sim", "model": "sim-fast"}
_USAGE = {
    "input_uncached": 12,
    "cache_read": 0,
    "cache_write": 0,
    "output": 30,
    "reasoning": 0,
    "cache_write_1h": 0,
    "input_audio": 0,
    "output_audio": 0,
    "web_searches": 0,
    "estimated": False,
}
_RESULT = {
    "turn_id": _TURN_ID,
    "state": "completed",
    "message_id": _MESSAGE_ID,
    "finish_reason": "stop",
    "model": _MODEL,
    "served_model": "sim-fast",
    "attempts": 1,
    "usage": _USAGE,
    "cost": {"total": "0.000066", "priced": True, "price_source": "simulator"},
    "simulated": True,
}

QUESTION = "What is a durable workflow?"
TURN_BODY = {"model": "sim:sim-fast", "models": ["sim:sim-echo"], "content": QUESTION}

CONVERSATION: dict[str, Any] = {
    "id": _CONVERSATION_ID,
    "title": "Durable workflows",
    "models": ["sim:sim-fast"],
    "metadata": {},
    "model_history": [{"model": "sim:sim-fast", "turn_id": _TURN_ID, "at": _ENDED}],
    "cost": {"cost_usd": "0.000066", "turns": 1, "input_tokens": 12, "output_tokens": 30},
    "busy_with": None,
    "created_at": _BEGAN,
    "updated_at": _ENDED,
}
MESSAGE: dict[str, Any] = {
    "id": _MESSAGE_ID,
    "turn_id": _TURN_ID,
    "role": "assistant",
    "parts": [{"type": "text", "text": "A durable workflow is one that goes on after a crash."}],
    "model": "sim:sim-fast",
    "finish_reason": "stop",
    "created_at": _ENDED,
}
TURN: dict[str, Any] = {
    "id": _TURN_ID,
    "conversation_id": _CONVERSATION_ID,
    "state": "completed",
    "cancel_requested": False,
    "plan": {
        "candidates": [{"index": 0, "model": _MODEL, "reason": "asked for first"}],
        "limits": {"first_token": 12.0, "idle": 15.0, "attempt": 600.0, "step": 1800.0, "retry_after": 10.0},
        "on_new_attempt": "reset",
    },
    "result": _RESULT,
    "message": MESSAGE,
    "created_at": _BEGAN,
    "started_at": _BEGAN,
    "finished_at": _ENDED,
}
ACCEPTED_TURN: dict[str, Any] = {
    **TURN,
    "state": "accepted",
    "plan": None,
    "result": None,
    "message": None,
    "started_at": None,
    "finished_at": None,
}
WHOLE_TURN: dict[str, Any] = {
    **TURN,
    "attempts": [
        {
            "attempt": 1,
            "step": 0,
            "model": "sim:sim-fast",
            "served_model": "sim-fast",
            "state": "completed",
            "error_kind": None,
            "error_message": None,
            "usage": _USAGE,
            "cost_usd": "0.000066",
            "priced": True,
            "price_source": "simulator",
            "simulated": True,
            "first_token_ms": 21,
            "started_at": _BEGAN,
            "finished_at": _ENDED,
        }
    ],
    "audit": [{"at": _ENDED, "actor": "worker", "action": "turn.completed", "detail": {"attempts": 1}}],
}
CANCELLED = {"id": _TURN_ID, "state": "running", "cancel_requested": True}
EVENTS = (
    'id: 1.1\nevent: start\ndata: {"step":0,"model":{"provider":"sim","model":"sim-fast"},"keep_chars":0}\n\n'
    'id: 1.2\nevent: text\ndata: {"index":0,"text":"A durable"}\n\n'
    f'id: 1.3\nevent: end\ndata: {{"turn_id":"{_TURN_ID}","state":"completed"}}\n\n'
)

COMPLETION_BODY = {"model": "sim:sim-fast", "messages": [{"role": "user", "content": QUESTION}]}
COMPLETION: dict[str, Any] = {
    "id": f"chatcmpl-{_TURN_ID}",
    "object": "chat.completion",
    "created": 1772366400,
    "model": "sim-fast",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "A durable workflow goes on after a crash.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 12, "completion_tokens": 30, "total_tokens": 42},
    "perdure": {
        "turn_id": _TURN_ID,
        "state": "completed",
        "model": "sim:sim-fast",
        "attempts": 1,
        "cost_usd": "0.000066",
    },
}
MODEL = {"id": "sim:sim-fast", "object": "model", "created": 0, "owned_by": "sim", "simulated": True}

POLICY_TEXT = "routing_rules:\n  strategy: cost\n  fallback_chain: [sim:sim-echo]\n"
_POLICY_DOCUMENT = {"routing_rules": {"strategy": "cost", "fallback_chain": ["sim:sim-echo"]}}
POLICY: dict[str, Any] = {
    "version": "5f0c7d1a9b3e",
    "policy": _POLICY_DOCUMENT,
    "workspace": {
        "number": 3,
        "document": _POLICY_DOCUMENT,
        "source": POLICY_TEXT,
        "author": "pdr_a1b2c3d4",
        "created_at": _BEGAN,
    },
    "file": {"name": "policies.yaml", "version": "0d9e8c7b6a5f", "document": {}, "loaded_at": _BEGAN},
    "problems": [],
    "warnings": [],
}
POLICY_PUT = {"number": 3, "version": "5f0c7d1a9b3e", "new": True, "warnings": []}
POLICY_CHECK = {
    "valid": False,
    "version": None,
    "problems": [
        {
            "severity": "error",
            "message": "there is no field 'stratgy' here. Did you mean strategy?",
            "source": "workspace",
            "line": 2,
            "column": 3,
            "field": "routing_rules.stratgy",
        }
    ],
}
POLICY_VERSIONS = {
    "data": [{"number": 3, "digest": "9f86d081884c7d65", "author": "pdr_a1b2c3d4", "created_at": _BEGAN}],
    "next_cursor": None,
}
