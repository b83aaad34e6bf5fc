"""The recorded exchanges of OpenAI's two wires."""

import json
import lzma
from pathlib import Path
from typing import Any

from tests.conformance.serving import Recorded

Row = dict[str, Any]


def read_rows(folder: Path, api: str) -> list[Row]:
    """Every exchange of `api` (`chat.completions` or `responses`), OpenAI's own and compatible servers'."""
    with lzma.open(folder / "cassettes.jsonl.xz", "rt") as lines:
        rows = [json.loads(line) for line in lines if f'"{api}"' in line]
    return [row for row in rows if row["api"] == api]


def is_own(row: Row) -> bool:
    """Whether OpenAI itself answered."""
    return bool(row["provider"] == "openai")


def recorded(row: Row) -> Recorded:
    """The recorded answer, to be served."""
    return Recorded(status=row["status"], headers=row["response_headers"] or {}, body=row["response_body"])


def request_of(row: Row) -> dict[str, Any]:
    """The recorded request body as JSON."""
    body = row["request_body"]
    value = json.loads(body) if isinstance(body, str) else body
    assert isinstance(value, dict)
    return value


def place_of(row: Row) -> str:
    """Where the record came from, for messages."""
    return f"{row['provider']} {row['source_path']} #{row['index']} {row['model']}"


def events_of(text: str) -> list[dict[str, Any]]:
    """The JSON events of a recorded stream."""
    events: list[dict[str, Any]] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:"))
        if data and not data.startswith("[DONE]"):
            events.append(json.loads(data))
    return events
