"""Recorded errors, served on loopback, come out of the fitting adapter as the kind that they mean."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from contracts.errors import RULES, ErrorKind, ProviderError
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import ModelRequest
from providers.collect import complete
from providers.protocol import Provider, Wire
from tests.conformance.errors import (
    build_provider,
    has_own_wire,
    place_of,
    read_errors,
    recorded_error,
    right_kinds,
    wire_of,
)
from tests.conformance.serving import serve_recorded

AIM = 0.95


@pytest.mark.recordings
# The Google SDK warns of enum words that are newer than itself.
@pytest.mark.filterwarnings("default:.*is not a valid:UserWarning")
async def test_recorded_errors_mean_what_they_are_labelled(
    recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_errors(recordings)
    providers: dict[Wire, Provider | None] = {}
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    failures: list[str] = []
    async with serve_recorded([recorded_error(row) for row in rows]) as url:
        try:
            for number, row in enumerate(rows):
                wire = wire_of(row)
                if wire not in providers:
                    providers[wire] = build_provider(wire, url)
                provider = providers[wire]
                name: str = "no adapter yet" if provider is None else "no wire of ours" if has_own_wire(row) else wire
                asked[name] += 1
                if provider is None:
                    continue
                error = await ask(provider, number)
                found = judge(error, right_kinds(row))
                right[name] += found is None
                if found is not None and name == wire:
                    failures.append(f"{place_of(row)}: {found}")
        finally:
            for provider in providers.values():
                if provider is not None:
                    await provider.close()
    with capsys.disabled():
        for name in sorted(asked):
            sys.stdout.write(f"\nerrors, {name}: {right[name]} of {asked[name]} as labelled")
    ours = [name for name in asked if not name.startswith("no ")]
    share = sum(right[name] for name in ours) / sum(asked[name] for name in ours)
    assert share >= AIM, "\n".join(failures)


async def ask(provider: Provider, number: int) -> ProviderError | None:
    request = ModelRequest(
        model=ModelRef(provider=provider.config.name, model="recorded"),
        messages=(Message(role="user", parts=(TextPart(text="recorded"),)),),
    )
    try:
        await complete(provider, request, call_id=str(number))
    except ProviderError as error:
        return error
    return None


def judge(error: ProviderError | None, kinds: set[ErrorKind]) -> str | None:
    """What is wrong with the error, or None."""
    if error is None:
        return "was not raised"
    if error.kind not in kinds:
        return f"{error.kind.value} is none of {sorted(kinds)}: {error.message}"
    if error.retry_after is not None and not RULES[error.kind].retry_same:
        return f"a {error.kind.value} that is not cured by waiting says when to come back"
    return None
