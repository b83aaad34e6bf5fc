"""Recorded requests, read into our words and translated back, equal what the vendor accepted."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from providers.google.encode_request import encode_request
from tests.conformance.google.losses import normalised
from tests.conformance.google.read_request import read_request
from tests.conformance.google.rows import model_of, place_of, read_rows, request_of

AIM = 0.995

EXCEPTIONS: dict[str, str] = {}
"""Places of records that need not agree, each with its reason."""


@pytest.mark.recordings
def test_recorded_requests_come_out_as_the_vendor_accepted_them(
    recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = read_rows(recordings)
    assert rows
    failures: list[str] = []
    by_option: dict[str, int] = {}
    for row in rows:
        found = differences(row, by_option)
        if found and place_of(row) not in EXCEPTIONS:
            failures.append(f"{place_of(row)}: {'; '.join(found[:5])}")
    share = 1 - len(failures) / len(rows)
    with capsys.disabled():
        sys.stdout.write(
            f"\nGemini requests: {len(rows) - len(failures)} of {len(rows)} agree ({share:.2%}); "
            f"through provider_options: {by_option}\n"
        )
    assert share >= AIM, "\n".join(failures[:40])


def differences(row: dict[str, Any], by_option: dict[str, int]) -> list[str]:
    """Where our request differs from the record; `by_option` counts what had to go as Google's own option."""
    try:
        want = normalised(request_of(row))
        request = read_request(want, model_of(row))
        encoded = encode_request(request, provider="google")
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    for name in request.provider_options.get("google", {}):
        by_option[name] = by_option.get(name, 0) + 1
    have = normalised(json.loads(json.dumps(encoded.body)))
    return [*paths(want, have), *encoded.dropped]


def paths(want: Any, have: Any, at: str = "") -> list[str]:
    """Where two JSON values differ."""
    if isinstance(want, dict) and isinstance(have, dict):
        names = sorted(want.keys() | have.keys())
        return [one for name in names for one in paths(want.get(name), have.get(name), f"{at}.{name}")]
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        pairs = zip(want, have, strict=True)
        return [one for number, (a, b) in enumerate(pairs) for one in paths(a, b, f"{at}[{number}]")]
    return [] if want == have else [f"{at}: {str(want)[:100]} != {str(have)[:100]}"]
