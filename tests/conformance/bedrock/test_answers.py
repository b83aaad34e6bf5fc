"""Recorded answers, served on loopback and read through the adapter and botocore's own client."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ProviderError
from contracts.models import ModelRef
from contracts.parts import Message, Part, ProviderPart, ReasoningPart, TextPart, ToolCallPart
from contracts.requests import ModelRequest
from providers.bedrock.adapter import BedrockProvider
from providers.collect import Answer, complete
from providers.protocol import ProviderConfig
from tests.conformance.bedrock.read_record import Said, read_record
from tests.conformance.bedrock.rows import Row, place_of, read_rows, recorded
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
        provider = BedrockProvider(ProviderConfig(name="bedrock", wire="bedrock", api_key="recorded", base_url=url))
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
        sys.stdout.write(f"\nBedrock answers: {len(rows) - len(failures)} of {len(rows)} agree ({share:.2%})\n")
    assert share >= AIM, "\n".join(failures[:40])


async def ask(provider: BedrockProvider, row: Row, number: int) -> Answer | ProviderError:
    request = ModelRequest(
        model=ModelRef(provider="bedrock", model=row["model"] or "recorded"),
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
        ("reasoning", said.reasoning, "".join(part.text for part in thoughts)),
        ("signatures", said.signatures, [part.signature or "" for part in thoughts if part.redacted is None]),
        ("redacted", said.redacted, [part.redacted for part in thoughts if part.redacted is not None]),
        ("calls", said.calls, [(call.id, call.name, json.loads(call.arguments)) for call in calls]),
        ("server blocks", said.server_blocks, [p.payload for p in got.parts if isinstance(p, ProviderPart)]),
        ("order", said.order, [_kind(part) for part in got.parts]),
        ("finish", said.finish, got.finished.finish_reason.value),
        ("stop reason", said.stop_reason, got.finished.raw_finish_reason),
        *((name, count, getattr(usage, name)) for name, count in said.usage.items()),
    ]
    return [f"{name}: {str(want)[:80]!r} != {str(have)[:80]!r}" for name, want, have in pairs if want != have]


def _kind(part: Part) -> str:
    if isinstance(part, ReasoningPart) and part.redacted is not None:
        return "redacted"
    return part.type
