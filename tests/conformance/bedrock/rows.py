"""The recorded exchanges of Bedrock's Converse and ConverseStream."""

import json
import lzma
from pathlib import Path
from typing import Any

from tests.conformance.bedrock.event_stream import encode_stream
from tests.conformance.serving import Recorded

Row = dict[str, Any]


def read_rows(folder: Path) -> list[Row]:
    """Every call of `converse`, streamed or not."""
    with lzma.open(folder / "cassettes.jsonl.xz", "rt") as lines:
        rows = [json.loads(line) for line in lines if '"converse"' in line]
    return [row for row in rows if row["provider"] == "bedrock" and row["api"] == "converse"]


def request_of(row: Row) -> dict[str, Any]:
    """The recorded request body as JSON."""
    body = row["request_body"]
    value = json.loads(body) if isinstance(body, str) else body
    assert isinstance(value, dict)
    return value


def recorded(row: Row) -> Recorded:
    """The recorded answer, to be served as the bytes that it was."""
    headers = {name: value for name, value in (row["response_headers"] or {}).items() if isinstance(value, str)}
    body = row["response_body"] or ""
    streamed = "eventstream" in headers.get("content-type", "")
    return Recorded(status=row["status"], headers=headers, body=encode_stream(body) if streamed else body)


def place_of(row: Row) -> str:
    """Where the record came from, for messages."""
    return f"{row['source_repo']} {row['source_path']} #{row['index']} {row['model']}"
