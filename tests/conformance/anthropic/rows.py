"""The recorded exchanges of Anthropic's messages."""

import json
import lzma
from pathlib import Path
from typing import Any

from tests.conformance.serving import Recorded

Row = dict[str, Any]


def read_rows(folder: Path) -> list[Row]:
    """Every call of `messages`, at Anthropic and at gateways that speak its wire."""
    with lzma.open(folder / "cassettes.jsonl.xz", "rt") as lines:
        rows = [json.loads(line) for line in lines if '"messages"' in line]
    return [row for row in rows if row["api"] == "messages" and row["method"] == "POST"]


def request_of(row: Row) -> dict[str, Any]:
    """The recorded request body as JSON."""
    body = row["request_body"]
    value = json.loads(body) if isinstance(body, str) else body
    assert isinstance(value, dict)
    return value


def recorded(row: Row) -> Recorded:
    """The recorded answer, to be served. A record without its content type has the one that its body tells."""
    body = row["response_body"] or ""
    headers = {name: value for name, value in (row["response_headers"] or {}).items() if isinstance(value, str)}
    if not any(name.lower() == "content-type" for name in headers):
        headers["content-type"] = "application/json" if body.lstrip().startswith("{") else "text/event-stream"
    return Recorded(status=row["status"], headers=headers, body=body)


def place_of(row: Row) -> str:
    """Where the record came from, for messages."""
    return f"{row['source_repo']} {row['source_path']} #{row['index']} {row['model']}"
