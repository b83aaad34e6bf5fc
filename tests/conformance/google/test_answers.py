"""Recorded answers, served on loopback and read through the adapter and the SDK's own client."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ProviderError
from contracts.models import ModelRef
from contracts.parts import (
    AudioPart,
    BytesSource,
    DocumentPart,
    ImagePart,
    Message,
    ProviderPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from contracts.requests import ModelRequest
from providers.collect import Answer, complete
from providers.google.adapter import GoogleProvider
from providers.protocol import ProviderConfig
from tests.conformance.google.read_record import Said, read_record, unbase64
from tests.conformance.google.rows import model_of, place_of, read_rows
from tests.conformance.google.serving import serve

AIM = 0.995

EXCEPTIONS: dict[str, str] = {}
"""Places of records that need not agree, each with its reason."""


@pytest.mark.recordings
# The SDK warns of enum words that are newer than itself, and carries them all the same.
@pytest.mark.filterwarnings("default:.*is not a valid:UserWarning")
async def test_recorded_answers_read_as_they_were_given(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_rows(recordings)
    assert rows
    failures: list[str] = []
    async with serve(rows) as url:
        provider = GoogleProvider(ProviderConfig(name="google", wire="google", api_key="recorded", base_url=url))
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
        sys.stdout.write(f"\nGemini answers: {len(rows) - len(failures)} of {len(rows)} agree ({share:.2%})\n")
    assert share >= AIM, "\n".join(failures[:40])


async def ask(provider: GoogleProvider, row: dict[str, Any], number: int) -> Answer | ProviderError:
    request = ModelRequest(
        model=ModelRef(provider="google", model=model_of(row)),
        messages=(Message(role="user", parts=(TextPart(text="recorded"),)),),
    )
    try:
        return await complete(provider, request, call_id=str(number))
    except ProviderError as error:
        return error


def differences(said: Said, got: Answer | ProviderError) -> list[str]:
    """What does not agree, in words."""
    if isinstance(got, ProviderError):
        return [] if got.kind.value == said.failure else [f"raised {got.kind.value}: {got.message}"]
    if said.failure is not None:
        return [f"should have raised {said.failure}"]
    usage = got.finished.usage
    pairs: list[tuple[str, Any, Any]] = [
        ("text", said.text, got.text),
        ("reasoning", said.reasoning, "".join(p.text for p in got.parts if isinstance(p, ReasoningPart))),
        ("calls", said.calls, _calls(said, got)),
        ("media", said.media, [_media(p) for p in got.parts if isinstance(p, ImagePart | AudioPart | DocumentPart)]),
        ("server parts", said.server_parts, _server_parts(got)),
        ("signatures", said.signatures, _signatures(got)),
        ("citations", said.citations, sum(len(p.citations) for p in got.parts if isinstance(p, TextPart))),
        ("finish", said.finish, got.finished.finish_reason.value),
        ("input", said.usage["input"], usage.input if usage else 0),
        ("cache_read", said.usage["cache_read"], usage.cache_read if usage else 0),
        ("output", said.usage["output"], usage.output if usage else 0),
        ("reasoning tokens", said.usage["reasoning"], usage.reasoning if usage else 0),
        ("total", said.usage["total"], usage.total if usage else 0),
    ]
    return [f"{name}: {str(want)[:80]!r} != {str(have)[:80]!r}" for name, want, have in pairs if want != have]


def _calls(said: Said, got: Answer) -> list[tuple[str, Any, str | None]]:
    calls = [part for part in got.parts if isinstance(part, ToolCallPart)]
    assert len({call.id for call in calls}) == len(calls)
    wanted = [call[2] for call in said.calls] + [None] * len(calls)
    # An id that the vendor did not give is ours, and only has to be there.
    return [
        (call.name, json.loads(call.arguments), call.id if want else (None if call.id else "missing"))
        for call, want in zip(calls, wanted, strict=False)
    ]


def _media(part: ImagePart | AudioPart | DocumentPart) -> tuple[str, bytes]:
    assert isinstance(part.source, BytesSource)
    return part.source.media_type, unbase64(part.source.content)


def _server_parts(got: Answer) -> list[str]:
    return [
        name
        for part in got.parts
        if isinstance(part, ProviderPart)
        for name in part.payload
        if name not in ("thought", "thoughtSignature")
    ]


def _signatures(got: Answer) -> list[bytes]:
    found: list[bytes] = []
    for part in got.parts:
        match part:
            case ReasoningPart(redacted=str() as redacted):
                found.append(unbase64(redacted))
            case TextPart() | ReasoningPart() | ToolCallPart() | ImagePart():
                found += [unbase64(part.signature)] if part.signature else []
            case ProviderPart(payload=payload) if "thoughtSignature" in payload:
                found.append(unbase64(payload["thoughtSignature"]))
            case _:
                pass
    return found
