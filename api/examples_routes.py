"""Examples of what routing shows."""

from api.examples import QUESTION

_CANDIDATE = {
    "model": "sim:sim-fast",
    "reason": "best balance among 14 that fit: score 0.82; about $0.001; quality 0.50",
    "score": 0.82,
    "likely_cost_usd": "0.001006",
    "window": 128000,
}
RECOMMENDATION = {
    "strategy": "balanced",
    "task": "simple",
    "difficulty": 0.2,
    "confidence": 0.6,
    "policy_version": "1f0c2d3e4b5a",
    "recommended": [_CANDIDATE],
    "alternatives": [],
    "filters": [{"filter": "window", "wanted": "a window of 300 tokens and the answer's room", "removed": 2}],
}
ESTIMATE = {
    "model": "sim:sim-fast",
    "input_tokens": 12,
    "likely_output_tokens": 500,
    "most_output_tokens": 4096,
    "low_usd": "0.000106",
    "likely_usd": "0.001006",
    "worst_usd": "0.008198",
    "priced": True,
    "simulated": True,
}
GENERATE_BODY = {"prompt": QUESTION, "routing": {"task": "simple", "cost_sensitivity": "high"}}
GENERATED = {
    "turn_id": "01935c5e-8a6f-7b1c-9d41-3f0e5a7c2b10",
    "state": "completed",
    "text": "A durable workflow is one that goes on after a crash.",
    "tool_calls": [],
    "finish_reason": "stop",
    "model": "sim:sim-fast",
    "served_model": "sim-fast",
    "attempts": 1,
    "reason": "best balance among 14 that fit: score 0.82; about $0.001; quality 0.50",
    "usage": {"input_uncached": 12, "output": 30},
    "cost_usd": "0.000066",
    "simulated": True,
    "ignored": [],
    "dropped": [],
}
TEST_BODY = {"model": "sim:sim-fast"}
TESTED = {**GENERATED, "asked": "sim:sim-fast", "ok": True, "first_token_ms": 31, "total_ms": 120}
COMPARE_BODY = {"prompt": QUESTION, "models": ["sim:sim-fast", "sim:sim-echo"]}
COMPARED = {"answers": [{**GENERATED, "asked": "sim:sim-fast"}, {**GENERATED, "asked": "sim:sim-echo"}]}
SEND_BODY = {"message": QUESTION, "model_id": "sim:sim-fast"}
SWITCH_BODY = {"conversation_id": "01935c5e-80aa-7f00-8c55-6a1d2e3f4b5c", "new_model_id": "sim:sim-echo"}
SWITCHED = {
    "conversation_id": "01935c5e-80aa-7f00-8c55-6a1d2e3f4b5c",
    "model": "sim:sim-echo",
    "previous_models": ["sim:sim-fast"],
    "preserve_context": True,
    "messages": 4,
    "dropped": ["1 image"],
    "left_out": 0,
}
