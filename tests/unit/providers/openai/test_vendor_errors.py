"""Errors of the services that resemble OpenAI, each in its own words, from their documents and their users' reports."""

import json
from pathlib import Path
from typing import Any

import pytest

from providers.openai.errors import translate_body

ROWS = [json.loads(line) for line in Path(__file__).with_name("vendor_errors.jsonl").read_text().splitlines()]
"""One error a line: whose it is (`of`), its status (null: inside a stream), its body, and the kinds that are right."""


@pytest.mark.parametrize("row", ROWS, ids=[f"{number} {row['of']}" for number, row in enumerate(ROWS)])
def test_an_error_means_its_kind(row: dict[str, Any]) -> None:
    told = translate_body(row["status"], row["body"], {}, provider="p", secret="our-secret-key")
    assert told.kind.value in row["kinds"], told.message
