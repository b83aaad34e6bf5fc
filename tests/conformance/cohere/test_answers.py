"""Recorded answers, served on loopback and read through the adapter and the SDK's own HTTP client."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ProviderError
from contracts.models import ModelRef
from contracts.parts import Message, ReasoningPart, TextPart, ToolCallPart
from contracts.requests import ModelRequest
from providers.cohere.adapter import CohereProvider
from providers.collect import Answer, complete
from providers.protocol import ProviderConfig
from tests.conformance.cohere.read_record import Said, read_record
from tests.conformance.cohere.rows import Row, place_of, read_rows, recorded
from tests.conformance.serving import serve_recorded

AIM = 0.995

EXCEPTIONS: dict[str, str] = {}
"""Places of records that need not agree, each with its reason."""


@pytest.mark.recordings
async def test_recorded_answers_read_as_they_were_given(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_rows(recordings)
    assert rows
    failures: list[str] = []
    async with serve_recorded([recorded(row) for row in rows]) as url:
        provider = CohereProvider(ProviderConfig(name="cohere", wire="cohere", api_key="recorded", base_url=url))
        try:
            for number, row in enumerate(rows):
                got = await ask(provider, row, number)
                try:
                    found = differences(read_record(row), got)
                except Exception as error:
                    found = [f"unreadable record: {type(error).__name__}: {error}"]
                if found and place_of(row) not in EXCEPTIONS:
                    failures.append(f"{place_of(row)}: {'; '.join(found)}")
        finally:
            await provider.close()
    share = 1 - len(failures) / len(rows)
    with capsys.disabled():
        sys.stdout.write(f"\nCohere answers: {len(rows) - len(failures)} of {len(rows)} agree ({share:.2%})\n")
    assert share >= AIM, "\n".join(failures[:40])


async def ask(provider: CohereProvider, row: Row, number: int) -> Answer | ProviderError:
    request = ModelRequest(
        model=ModelRef(provider="cohere", model=row["model"] or "recorded"),
        messages=(Message(role="user", parts=(TextPart(text="recorded"),)),),
    )
    try:
        return await complete(provider, request, call_id=str(number))
    except ProviderError as error:
        return error


def differences(said: Said, got: Answer | ProviderError) -> list[str]:
    """What does not agree, in words."""
    if isinstance(got, ProviderError):
        return [] if said.failed else [f"raised {got.kind.value}: {got.message}"]
    if said.failed:
        return ["should have raised"]
    usage = got.finished.usage
    thoughts = [part for part in got.parts if isinstance(part, ReasoningPart)]
    calls = [part for part in got.parts if isinstance(part, ToolCallPart)]
    pairs: list[tuple[str, Any, Any]] = [
        ("text", said.text, got.text),
        ("thinking", said.thinking, "".join(part.text for part in thoughts if part.id is None)),
        ("plan", said.plan, "".join(part.text for part in thoughts if part.id == "tool_plan")),
        ("calls", said.calls, [(call.id, call.name, json.loads(call.arguments)) for call in calls]),
        ("citations", said.citations, [c.raw for p in got.parts if isinstance(p, TextPart) for c in p.citations]),
        ("finish", said.finish, got.finished.finish_reason.value),
        ("finish reason", said.reason, got.finished.raw_finish_reason),
        ("id", said.id, got.finished.response_id),
        *((name, count, getattr(usage, name)) for name, count in said.usage.items()),
    ]
    return [f"{name}: {str(want)[:80]!r} != {str(have)[:80]!r}" for name, want, have in pairs if want != have]
