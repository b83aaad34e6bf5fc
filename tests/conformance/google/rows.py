"""The recorded exchanges of Gemini's wire."""

import json
import lzma
from pathlib import Path
from typing import Any


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Every `generateContent` and `streamGenerateContent`, of the Gemini API, Vertex and gateways that speak it."""
    with lzma.open(folder / "cassettes.jsonl.xz", "rt") as lines:
        rows = [json.loads(line) for line in lines if "enerateContent" in line]
    return [row for row in rows if row["path"].endswith(("generateContent", "streamGenerateContent"))]


def model_of(row: dict[str, Any]) -> str:
    """The model that the path names."""
    return str(row["path"]).rsplit("/", 1)[-1].partition(":")[0]


def place_of(row: dict[str, Any]) -> str:
    """Where the record came from, for messages."""
    return f"{row['source_repo']} {row['source_path']} #{row['index']} {model_of(row)}"


def request_of(row: dict[str, Any]) -> dict[str, Any]:
    """The recorded request body as JSON."""
    body = row["request_body"]
    value = json.loads(body) if isinstance(body, str) else body
    assert isinstance(value, dict)
    return value
