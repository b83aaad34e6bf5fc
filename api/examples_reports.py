"""Examples of reports, for the API's documentation."""

_SUMS = {
    "calls": 1200,
    "completed": 1188,
    "failed": 12,
    "input_tokens": 960000,
    "cache_read_tokens": 400000,
    "cache_write_tokens": 0,
    "output_tokens": 240000,
    "reasoning_tokens": 0,
    "total_tokens": 1200000,
    "cost_usd": "0.258",
    "cost_of_failures_usd": "0.0011",
    "cache_savings_usd": "0.03",
    "unpriced_calls": 0,
    "estimated_calls": 2,
    "simulated_calls": 0,
}
USAGE = {
    "from": "2026-03-01",
    "to": "2026-03-02",
    "by": ["day", "model"],
    "total": _SUMS,
    "lines": [{"day": "2026-03-01", "model": "openai:gpt-4o-mini", **_SUMS}],
}
MODEL_USAGE = {
    "from": "2026-02-24",
    "to": "2026-03-02",
    "models": [
        {
            "model": "openai:gpt-4o-mini",
            **_SUMS,
            "cost_share": 1.0,
            "success_rate": 0.99,
            "mean_seconds": 2.31,
            "mean_first_token_seconds": 0.42,
        }
    ],
}
_BRIEF = {
    "calls": 1200,
    "total_tokens": 1200000,
    "cost_usd": "0.258",
    "cost_of_failures_usd": "0.0011",
    "cache_savings_usd": "0.03",
}
ANALYTICS = {
    "from": "2026-02-01",
    "to": "2026-03-02",
    "total": _SUMS,
    "trend": {"mean_day_usd": "0.0368", "change": 0.12, "days": [{"day": "2026-03-01", "cost_usd": "0.258"}]},
    "projection": {"month": "2026-03", "to_date_usd": "0.31", "projected_usd": "1.4"},
    "breakdown": {"model": [{"model": "openai:gpt-4o-mini", **_BRIEF}]},
}
_CHANGE = {"routing_rules": {"task_preferences": {"extraction": ["openai:gpt-4o-mini", "openai:gpt-4o"]}}}
RECOMMENDATIONS = {
    "from": "2026-02-01",
    "to": "2026-03-02",
    "recommendations": [
        {
            "kind": "cheaper_model",
            "title": "Let openai:gpt-4o-mini answer extraction requests before openai:gpt-4o.",
            "evidence": {
                "task": "extraction",
                "model": "openai:gpt-4o",
                "calls": 800,
                "cost_usd": "4.1",
                "there": "openai:gpt-4o-mini",
                "cost_there_usd": "0.25",
                "quality": 0.75,
                "quality_there": 0.5,
            },
            "saving_usd": "3.85",
            "change": _CHANGE,
            "diff": "--- policy\n+++ changed\n@@ -1 +1,3 @@\n...",
            "policy": "routing_rules:\n  task_preferences:\n    extraction: [openai:gpt-4o-mini, openai:gpt-4o]\n",
        }
    ],
}
WHAT_IF_BODY = {"from": "2026-02-01", "to": "2026-03-02", "strategy": "cost"}
WHAT_IF = {
    "from": "2026-02-01",
    "to": "2026-03-02",
    "turns": 500,
    "moved": 340,
    "refused": 0,
    "unpriced": 0,
    "cost_usd": "2.4",
    "what_if_usd": "0.6",
    "saving_usd": "1.8",
    "models": {"openai:gpt-4o-mini": 500},
}
USER_REPORT = {
    "user": "ada",
    "from": "2026-02-01",
    "to": "2026-03-02",
    "summary": {
        **_SUMS,
        "mean_seconds": 2.31,
        "most_used_models": [{"model": "openai:gpt-4o-mini", "calls": 1200}],
        "most_used_tasks": [{"task": "extraction", "calls": 800}],
    },
    "trends": {
        "days": [{"day": "2026-03-01", "calls": 1200, "total_tokens": 1200000, "cost_usd": "0.258"}],
        "models": [
            {
                "model": "openai:gpt-4o-mini",
                "calls": 1200,
                "success_rate": 0.99,
                "mean_seconds": 2.31,
                "cost_usd": "0.258",
            }
        ],
    },
    "insights": [{"kind": "cache", "model": None, "text": "The vendors' prompt caches saved 0.03 USD."}],
    "recommendations": [
        {
            "title": "Let openai:gpt-4o-mini answer extraction requests before openai:gpt-4o.",
            "saving_usd": "3.85",
            "change": _CHANGE,
        }
    ],
}
