"""Files of the shapes that the vendors document, built from what is in them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

OPENAI_USAGE_COLUMNS = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
    "service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens"
)
OPENAI_COST_COLUMNS = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,"
    "user_id,api_key_id,project_id,organization_id,project_name,organization_name"
)
ANTHROPIC_USAGE_COLUMNS = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed"
)
ANTHROPIC_COST_COLUMNS = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
    "inference_geo,speed"
)

WEB = "web search"


@dataclass(frozen=True)
class Used:
    """What was used of a model on a day."""

    day: date
    model: str
    requests: int = 1
    uncached: int = 0
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    output: int = 0
    searches: int = 0

    @property
    def input(self) -> int:
        return self.uncached + self.read + self.written_5m + self.written_1h


@dataclass(frozen=True)
class Spent:
    """What was charged for an item on a day, in USD."""

    day: date
    item: str | None
    usd: Decimal


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def openai_usage_json(used: Sequence[Used]) -> str:
    results = [
        (
            one.day,
            {
                "object": "organization.usage.completions.result",
                "input_tokens": one.input,
                "output_tokens": one.output,
                "input_cached_tokens": one.read,
                "input_cache_write_tokens": one.written_5m + one.written_1h,
                "input_audio_tokens": 0,
                "output_audio_tokens": 0,
                "num_model_requests": one.requests,
                "project_id": None,
                "user_id": None,
                "api_key_id": None,
                "model": one.model,
                "batch": None,
            },
        )
        for one in used
    ]
    return openai_page(results)


def openai_costs_json(spent: Sequence[Spent]) -> str:
    results = [
        (
            one.day,
            {
                "object": "organization.costs.result",
                "amount": {"value": float(one.usd), "currency": "usd"},
                "line_item": one.item,
                "project_id": None,
            },
        )
        for one in spent
    ]
    return openai_page(results)


def openai_page(results: Sequence[tuple[date, dict[str, Any]]], **page: Any) -> str:
    buckets = [
        {
            "object": "bucket",
            "start_time": int(midnight(day).timestamp()),
            "end_time": int(midnight(day + timedelta(days=1)).timestamp()),
            "results": [result for at, result in results if at == day],
        }
        for day in sorted({day for day, _ in results})
    ]
    return json.dumps({"object": "page", "data": buckets, "has_more": False, "next_page": None, **page})


def openai_usage_csv(used: Sequence[Used]) -> str:
    return table(
        OPENAI_USAGE_COLUMNS,
        [
            [
                *_bounds(one.day),
                "proj_1",
                f"{one.requests}.0",
                "",
                "",
                one.model,
                "",
                "",
                one.input,
                one.output,
                one.read,
                "",
            ]
            for one in used
        ],
    )


def openai_costs_csv(spent: Sequence[Spent]) -> str:
    return table(
        OPENAI_COST_COLUMNS,
        [
            [
                *_bounds(one.day),
                f"{one.usd:.30f}",
                "usd",
                "",
                "",
                one.item or "",
                "",
                "",
                "",
                "org-1",
                "",
                "An organization",
            ]
            for one in spent
        ],
    )


def anthropic_usage_json(used: Sequence[Used]) -> str:
    results = [
        (
            one.day,
            {
                "uncached_input_tokens": one.uncached,
                "cache_creation": {
                    "ephemeral_1h_input_tokens": one.written_1h,
                    "ephemeral_5m_input_tokens": one.written_5m,
                },
                "cache_read_input_tokens": one.read,
                "output_tokens": one.output,
                "server_tool_use": {"web_search_requests": one.searches},
                "api_key_id": None,
                "workspace_id": None,
                "model": one.model,
                "service_tier": None,
                "context_window": None,
            },
        )
        for one in used
    ]
    return anthropic_page(results)


def anthropic_costs_json(spent: Sequence[Spent]) -> str:
    results = [
        (
            one.day,
            {
                "currency": "USD",
                "amount": f"{one.usd * 100:f}",
                "workspace_id": None,
                "description": None if one.item is None else f"{one.item} Usage - Output Tokens",
                "cost_type": None if one.item is None else "web_search" if one.item == WEB else "tokens",
                "model": None if one.item == WEB else one.item,
            },
        )
        for one in spent
    ]
    return anthropic_page(results)


def anthropic_page(results: Sequence[tuple[date, dict[str, Any]]]) -> str:
    buckets = [
        {
            "starting_at": midnight(day).isoformat().replace("+00:00", "Z"),
            "ending_at": midnight(day + timedelta(days=1)).isoformat().replace("+00:00", "Z"),
            "results": [result for at, result in results if at == day],
        }
        for day in sorted({day for day, _ in results})
    ]
    return json.dumps({"data": buckets, "has_more": False, "next_page": None})


def anthropic_usage_csv(used: Sequence[Used]) -> str:
    return table(
        ANTHROPIC_USAGE_COLUMNS,
        [
            [
                *(one.day, one.model, "key", "Default", "standard", "≤ 200k", one.uncached, one.written_5m),
                *(one.written_1h, one.read, one.output, one.searches, "global", ""),
            ]
            for one in used
        ],
    )


def anthropic_costs_csv(spent: Sequence[Spent]) -> str:
    return table(
        ANTHROPIC_COST_COLUMNS,
        [
            [
                *(one.day, "" if one.item == WEB else one.item or "", "Default", "key", "message", "≤ 200k"),
                *(
                    "output",
                    f"{one.usd:.2f}",
                    f"{one.usd:.2f}",
                    "web_search" if one.item == WEB else "token",
                    "global",
                    "",
                ),
            ]
            for one in spent
        ],
    )


def table(columns: str, rows: Sequence[Sequence[object]]) -> str:
    quoted = [",".join(f'"{cell}"' if "," in str(cell) else str(cell) for cell in row) for row in rows]
    return "\n".join([columns, *quoted]) + "\n"


def _bounds(day: date) -> list[object]:
    begins, ends = midnight(day), midnight(day + timedelta(days=1))
    return [int(begins.timestamp()), int(ends.timestamp()), begins.isoformat(), ends.isoformat()]
