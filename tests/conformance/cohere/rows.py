"""The recorded exchanges of Cohere's v2 chat.

Those of v1 (`cohere.chat.v1`: `message` and `chat_history` in, `text` and `generations` out) are out of scope: Cohere withdrew
the models that they were recorded with in September 2025 and recommends v2, which every model serves; embeddings, reranking and
tokenizing are no chat. The errors of all of them are read in `tests/conformance/test_errors.py`.
"""

import json
import lzma
from pathlib import Path
from typing import Any

from tests.conformance.serving import Recorded

Row = dict[str, Any]


def read_rows(folder: Path) -> list[Row]:
    """Every call of `/v2/chat`, streamed or not."""
    with lzma.open(folder / "cassettes.jsonl.xz", "rt") as lines:
        rows = [json.loads(line) for line in lines if '"cohere.chat.v2"' in line]
    return [row for row in rows if row["api"] == "cohere.chat.v2"]


def request_of(row: Row) -> dict[str, Any]:
    """The recorded request body as JSON."""
    body = row["request_body"]
    value = json.loads(body) if isinstance(body, str) else body
    assert isinstance(value, dict)
    return value


def recorded(row: Row) -> Recorded:
    """The recorded answer, to be served."""
    headers = {name: value for name, value in (row["response_headers"] or {}).items() if isinstance(value, str)}
    return Recorded(status=row["status"], headers=headers, body=row["response_body"] or "")


def place_of(row: Row) -> str:
    """Where the record came from, for messages."""
    return f"{row['source_repo']} {row['source_path']} #{row['index']} {row['model']}"
