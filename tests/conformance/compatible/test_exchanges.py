"""Recorded exchanges of compatible services, each asked again through its own stanza.

The request comes out as the vendor accepted it, at the vendor's path and with its key where the vendor looks for it; the answer
reads as it was given.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ProviderError
from contracts.models import ModelRef
from contracts.requests import ModelRequest
from providers.collect import Answer, complete
from providers.openai.adapter import OpenAIProvider
from providers.protocol import ProviderConfig
from tests.conformance.compatible.losses import normalised_compatible
from tests.conformance.compatible.read_request import options_of, read_compatible_chat
from tests.conformance.compatible.rows import KEY, Reach, model_of, reach, read_compatible_rows, vendor_of
from tests.conformance.openai.read_responses import read_responses_request
from tests.conformance.openai.rows import Row, place_of, recorded, request_of
from tests.conformance.openai.said import read_chat, read_responses
from tests.conformance.openai.test_answers import differences
from tests.conformance.openai.test_requests import paths
from tests.conformance.serving import Heard, serve_recorded

AIM = 0.995
MOST_EXCEPTIONS = 0.01

EXCEPTIONS: dict[str, str] = {}
"""Places of records that need not agree, each with its reason."""


@pytest.mark.recordings
async def test_recorded_exchanges_of_compatible_services(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_compatible_rows(recordings)
    assert rows
    heard: dict[int, Heard] = {}
    wrong: dict[str, list[str]] = defaultdict(list)
    of: Counter[str] = Counter()
    by_name: Counter[str] = Counter()
    options: Counter[str] = Counter()
    providers: dict[ProviderConfig, OpenAIProvider] = {}
    async with serve_recorded([recorded(row) for row in rows], heard) as server:
        try:
            for number, row in enumerate(rows):
                reached = reach(row, server)
                provider = providers.setdefault(reached.config, OpenAIProvider(reached.config))
                of[row["provider"]] += 1
                by_name[row["provider"]] += reached.by_name
                request = request_in_our_words(row, reached)
                options.update(options_of(request))
                found = answer_differences(row, await ask(provider, request, number))
                if number in heard:
                    found += request_differences(row, heard[number], reached)
                else:
                    found.append("nothing was asked")
                if found:
                    wrong[row["provider"]].append(f"{place_of(row)}: {'; '.join(found[:4])}")
        finally:
            for provider in providers.values():
                await provider.close()
    failures = [one for those in wrong.values() for one in those]
    unexcused = [one for one in failures if one.partition(": ")[0] not in EXCEPTIONS]
    with capsys.disabled():
        for name in sorted(of):
            agreed = of[name] - len(wrong[name])
            sys.stdout.write(f"\n{name}: {agreed} of {of[name]} exchanges, {by_name[name]} by the stanza's name alone")
        sys.stdout.write(f"\nthrough provider_options: {dict(options)}")
    assert 1 - len(unexcused) / len(rows) >= AIM, "\n".join(unexcused[:60])
    assert len(failures) - len(unexcused) <= MOST_EXCEPTIONS * len(rows)


def request_in_our_words(row: Row, reached: Reach) -> ModelRequest:
    body = request_of(row)
    read = read_compatible_chat if row["api"] == "chat.completions" else read_responses_request
    request = read({"model": model_of(row, body), **body} if "model" not in body else body)
    ref = ModelRef(provider=reached.config.name, model=model_of(row, body))
    return request.model_copy(update={"model": ref})


async def ask(provider: OpenAIProvider, request: ModelRequest, number: int) -> Answer | ProviderError:
    try:
        return await complete(provider, request, call_id=str(number))
    except ProviderError as error:
        return error


def answer_differences(row: Row, got: Answer | ProviderError) -> list[str]:
    said = read_chat(row) if row["api"] == "chat.completions" else read_responses(row)
    found = differences(said, got)
    if isinstance(got, Answer):
        found += [*got.finished.dropped, *got.finished.ignored]
    return found


def request_differences(row: Row, heard: Heard, reached: Reach) -> list[str]:
    """Where the call went, how it was keyed, and what it said."""
    found: list[str] = []
    query = "&".join(f"{name}={value}" for name, value in (row["query"] or {}).items())
    target = row["path"] + (f"?{query}" if query else "")
    if heard.target != target:
        found.append(f"went to {heard.target}, not {target}")
    azure = vendor_of(row) == "azure"
    keyed = {"api-key": KEY} if azure else {"authorization": f"Bearer {KEY}"}
    for name in ("api-key", "authorization"):
        if heard.headers.get(name) != keyed.get(name):
            found.append(f"header {name} is {heard.headers.get(name)!r}")
    deployed = "/deployments/" in row["path"]
    want = normalised_compatible(request_of(row), deployed=deployed)
    have: dict[str, Any] = normalised_compatible(json.loads(heard.body), deployed=deployed)
    return found + [f"request {one}" for one in paths(want, have)]
