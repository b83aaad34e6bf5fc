"""The recorded usage bodies with the price that is expected of each, read by the adapters' own readers."""

import json
import lzma
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from contracts.models import ModelRef
from contracts.usage import Usage
from providers.anthropic.usage import read_usage as read_anthropic
from providers.google.usage import read_usage as read_google
from providers.openai.usage import read_embedding_usage
from providers.openai.usage import read_usage as read_openai

Row = dict[str, Any]


def read_rows(folder: Path) -> list[Row]:
    """Every body, with its provider, model, day and price."""
    with lzma.open(folder / "cost_genai_prices.jsonl.xz", "rt") as lines:
        return [json.loads(line) for line in lines]


def usage_of(row: Row) -> Usage:
    """The body in normal form, by the reader of the wire that it came over."""
    raw = row["usage_raw"]
    if "usageMetadata" in raw:
        return read_google(_snake(raw["usageMetadata"]))
    read: Callable[[dict[str, Any]], Usage] = read_openai
    if row["api_flavor"] == "anthropic" or (row["provider_id"], row["api_flavor"]) == ("anthropic", "default"):
        read = read_anthropic
    elif row["api_flavor"] == "embeddings":
        read = read_embedding_usage
    return read(raw["usage"])


def model_of(row: Row) -> ModelRef:
    """The provider, by the price list's word, and the model."""
    return ModelRef(provider=row["provider_id"], model=row["model"])


def day_of(row: Row) -> datetime:
    """The moment at which the price is expected."""
    return datetime.fromisoformat(row["as_of"])


def expected_of(row: Row) -> tuple[Decimal, Decimal, Decimal]:
    """USD of the input, of the output and of both; the total is theirs where the record has none."""
    given, made = Decimal(row["input_usd"] or 0), Decimal(row["output_usd"] or 0)
    return given, made, given + made if row["total_usd"] is None else Decimal(row["total_usd"])


def place_of(row: Row) -> str:
    """Where the record came from, for messages."""
    return f"{row['provider_id']}/{row['api_flavor']} {row['model']} {row['file']}"


def _snake(value: Any) -> Any:
    match value:
        case dict():
            return {re.sub(r"(?<=[a-z])([A-Z])", r"_\1", key).lower(): _snake(one) for key, one in value.items()}
        case list():
            return [_snake(one) for one in value]
        case _:
            return value
