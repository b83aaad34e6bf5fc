"""Recorded answers, served on loopback and read through the adapter and the SDK's own client."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.errors import ProviderError
from contracts.models import ModelRef
from contracts.parts import Message, ProviderPart, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from contracts.requests import ModelRequest
from providers.collect import Answer, complete
from providers.openai.adapter import OpenAIProvider
from providers.protocol import ProviderConfig, Wire
from tests.conformance.openai.rows import Row, is_own, place_of, read_rows, recorded
from tests.conformance.openai.said import Said, read_chat, read_responses, usage_of
from tests.conformance.serving import serve_recorded

AIM = 0.995
AIM_COMPATIBLE = 0.98
MOST_EXCEPTIONS = 0.01

EXCEPTIONS: dict[str, str] = {}
"""Places of records that need not agree, each with its reason."""


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("api", "wire", "read"),
    [("chat.completions", "openai-chat", read_chat), ("responses", "openai-responses", read_responses)],
    ids=["chat", "responses"],
)
async def test_recorded_answers_read_as_they_were_given(
    recordings: Path, capsys: pytest.CaptureFixture[str], api: str, wire: Wire, read: Callable[[Row], Said]
) -> None:
    rows = read_rows(recordings, api)
    assert any(is_own(row) for row in rows)
    failures: dict[bool, list[str]] = {True: [], False: []}
    raised: Counter[bool] = Counter()
    async with serve_recorded([recorded(row) for row in rows]) as url:
        provider = OpenAIProvider(ProviderConfig(name="openai", wire=wire, api_key="recorded", base_url=url))
        try:
            for number, row in enumerate(rows):
                said = read(row)
                raised[is_own(row)] += said.fails
                found = differences(said, await ask(provider, row, number))
                if found:
                    failures[is_own(row)].append(f"{place_of(row)}: {'; '.join(found)}")
        finally:
            await provider.close()
    of = Counter(is_own(row) for row in rows)
    excused = [failure for failure in failures[True] if failure.partition(": ")[0] in EXCEPTIONS]
    unexcused = [failure for failure in failures[True] if failure not in excused]
    shares = {own: 1 - len(failures[own]) / of[own] for own in of}
    with capsys.disabled():
        for own, share in sorted(shares.items(), reverse=True):
            name = "OpenAI" if own else "compatible servers"
            sys.stdout.write(f"\n{api} answers of {name}: {of[own] - len(failures[own])} of {of[own]} ({share:.2%}), ")
            sys.stdout.write(f"{raised[own]} of them errors or cut streams, which have to raise")
    assert 1 - len(unexcused) / of[True] >= AIM, "\n".join(unexcused[:40])
    assert len(excused) <= MOST_EXCEPTIONS * of[True]
    assert shares.get(False, 1.0) >= AIM_COMPATIBLE, "\n".join(failures[False][:40])


async def ask(provider: OpenAIProvider, row: Row, number: int) -> Answer | ProviderError:
    request = ModelRequest(
        model=ModelRef(provider="openai", model=row["model"] or "recorded"),
        messages=(Message(role="user", parts=(TextPart(text="recorded"),)),),
    )
    try:
        return await complete(provider, request, call_id=str(number))
    except ProviderError as error:
        return error


def differences(said: Said, got: Answer | ProviderError) -> list[str]:
    """What does not agree, in words."""
    if isinstance(got, ProviderError):
        return [] if said.fails else [f"raised {got.kind.value}: {got.message}"]
    if said.fails:
        return ["should have raised"]
    usage = got.finished.usage
    wanted = usage_of(said)
    pairs = [
        ("text", said.text, got.text),
        ("reasoning", said.reasoning, "".join(p.text for p in got.parts if isinstance(p, ReasoningPart))),
        ("refusal", said.refusal, "".join(p.text for p in got.parts if isinstance(p, RefusalPart))),
        ("calls", said.calls, _calls(said, got)),
        ("server items", said.server_items, [p.payload["type"] for p in got.parts if isinstance(p, ProviderPart)]),
        ("encrypted", said.encrypted, _encrypted(got)),
        ("citations", said.citations, sum(len(p.citations) for p in got.parts if isinstance(p, TextPart))),
        ("finish", said.finish, got.finished.finish_reason.value),
        ("usage", bool(wanted), usage is not None),
    ]
    if usage is not None and wanted:
        pairs += [(name, value, getattr(usage, name)) for name, value in wanted.items()]
    return [f"{name}: {str(want)[:80]!r} != {str(have)[:80]!r}" for name, want, have in pairs if want != have]


def _encrypted(got: Answer) -> list[str]:
    """What came encrypted over the responses wire; on the chat wire `redacted` is the adapter's own JSON."""
    thoughts = [part for part in got.parts if isinstance(part, ReasoningPart)]
    return [part.redacted for part in thoughts if part.redacted and part.id != "reasoning_details"]


def _calls(said: Said, got: Answer) -> list[tuple[str | None, str, str]]:
    calls = [part for part in got.parts if isinstance(part, ToolCallPart)]
    assert all(call.id for call in calls)
    assert len({call.id for call in calls}) == len(calls)
    wanted = [call[0] for call in said.calls] + [None] * len(calls)
    # An id that the record does not give is ours, and only has to be there.
    return [(call.id if want else None, call.name, call.arguments) for call, want in zip(calls, wanted, strict=False)]
