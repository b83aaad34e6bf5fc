"""Recorded requests, read into our words and translated back, equal what the vendor accepted."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ProviderError
from contracts.requests import ModelRequest
from providers.openai.chat_request import encode_chat
from providers.openai.encoding import Encoded
from providers.openai.responses_request import encode_responses
from tests.conformance.openai.losses import normalised
from tests.conformance.openai.read_chat import read_chat_request
from tests.conformance.openai.read_responses import read_responses_request
from tests.conformance.openai.rows import is_own, place_of, read_rows, request_of

AIM = 0.995
MOST_EXCEPTIONS = 0.01

EXCEPTIONS: dict[str, str] = {}
"""Places of records that need not agree, each with its reason."""


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("api", "read", "encode"),
    [
        ("chat.completions", read_chat_request, encode_chat),
        ("responses", read_responses_request, encode_responses),
    ],
    ids=["chat", "responses"],
)
def test_recorded_requests_come_out_as_the_vendor_accepted_them(
    recordings: Path,
    capsys: pytest.CaptureFixture[str],
    api: str,
    read: Callable[[dict[str, Any]], ModelRequest],
    encode: Callable[..., Encoded],
) -> None:
    rows = [row for row in read_rows(recordings, api) if is_own(row) and row["status"] == 200]
    assert rows
    failures: list[str] = []
    options: Counter[str] = Counter()
    for row in rows:
        body = request_of(row)
        request = read(body)
        options.update(list(request.provider_options.get("openai", {})))
        try:
            encoded = encode(request, provider="openai", is_vendor=True)
        except ProviderError as error:
            failures.append(f"{place_of(row)}: raised {error.message}")
            continue
        have = normalised(json.loads(json.dumps(encoded.body)))
        found = [*paths(normalised(body), have), *encoded.dropped, *encoded.ignored]
        if found:
            failures.append(f"{place_of(row)}: {'; '.join(found[:5])}")
    excused = [failure for failure in failures if failure.partition(": ")[0] in EXCEPTIONS]
    unexcused = [failure for failure in failures if failure not in excused]
    with capsys.disabled():
        agreed = len(rows) - len(failures)
        sys.stdout.write(f"\n{api} requests of OpenAI: {agreed} of {len(rows)} ({agreed / len(rows):.2%}), ")
        sys.stdout.write(f"through provider_options: {dict(options)}")
    assert 1 - len(unexcused) / len(rows) >= AIM, "\n".join(unexcused[:40])
    assert len(excused) <= MOST_EXCEPTIONS * len(rows)


def paths(want: Any, have: Any, at: str = "") -> list[str]:
    """Where two JSON values differ."""
    if isinstance(want, dict) and isinstance(have, dict):
        names = sorted(want.keys() | have.keys())
        return [one for name in names for one in paths(want.get(name), have.get(name), f"{at}.{name}")]
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        pairs = zip(want, have, strict=True)
        return [one for number, (a, b) in enumerate(pairs) for one in paths(a, b, f"{at}[{number}]")]
    return [] if want == have else [f"{at}: {str(want)[:100]} != {str(have)[:100]}"]
