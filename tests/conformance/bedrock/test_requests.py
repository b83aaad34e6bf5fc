"""Recorded requests, read into our words and translated back, equal what the vendor accepted, as botocore writes them."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from providers.bedrock.encode_request import encode_request
from tests.conformance.bedrock.losses import normalised
from tests.conformance.bedrock.read_request import read_request
from tests.conformance.bedrock.rows import Row, place_of, read_rows, request_of

AIM = 0.995

_CASSETTES = "pydantic/pydantic-ai tests/models/cassettes/test_bedrock"

EXCEPTIONS: dict[str, str] = {
    f"{_CASSETTES}/test_bedrock_model_other_parameters.yaml #0 us.amazon.nova-micro-v1:0": "edited by hand: not JSON",
    f"{_CASSETTES}/test_video_as_binary_content_input.yaml #0 us.amazon.nova-pro-v1:0": "edited by hand: not JSON",
}
"""Places of records that need not agree, each with its reason."""

ACCEPTED = 200


@pytest.mark.recordings
def test_recorded_requests_come_out_as_the_vendor_accepted_them(
    recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in read_rows(recordings) if row["status"] == ACCEPTED]
    assert rows
    write = writer()
    failures: list[str] = []
    by_option: Counter[str] = Counter()
    for row in rows:
        found = differences(row, write, by_option)
        if found and place_of(row) not in EXCEPTIONS:
            failures.append(f"{place_of(row)}: {'; '.join(found[:5])}")
    share = 1 - len(failures) / len(rows)
    with capsys.disabled():
        sys.stdout.write(
            f"\nBedrock requests: {len(rows) - len(failures)} of {len(rows)} agree ({share:.2%}); "
            f"through provider_options: {dict(by_option)}\n"
        )
    assert share >= AIM, "\n".join(failures[:40])


def writer() -> Any:
    """What turns parameters into the body, as botocore does it."""
    import botocore.session  # type: ignore[import-untyped]
    from botocore.serialize import create_serializer  # type: ignore[import-untyped]
    from botocore.validate import ParamValidator  # type: ignore[import-untyped]

    model = botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("ConverseStream")
    serializer = create_serializer("rest-json")

    def write(parameters: dict[str, Any]) -> Any:
        problems = ParamValidator().validate(parameters, model.input_shape)
        assert not problems.has_errors(), problems.generate_report()
        return json.loads(serializer.serialize_to_request(parameters, model)["body"])

    return write


def differences(row: Row, write: Any, by_option: Counter[str]) -> list[str]:
    """Where our request differs from the record; `by_option` counts what had to go as Bedrock's own option."""
    try:
        want = normalised(request_of(row))
        request = read_request(request_of(row), row["model"])
        encoded = encode_request(request, provider="bedrock")
        have = normalised(write(encoded.parameters))
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    by_option.update(list(request.provider_options.get("bedrock", {})))
    return [*paths(want, have), *encoded.dropped, *(f"ignored {name}" for name in encoded.ignored)]


def paths(want: Any, have: Any, at: str = "") -> list[str]:
    """Where two JSON values differ."""
    if isinstance(want, dict) and isinstance(have, dict):
        names = sorted(want.keys() | have.keys())
        return [one for name in names for one in paths(want.get(name), have.get(name), f"{at}.{name}")]
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        pairs = zip(want, have, strict=True)
        return [one for number, (a, b) in enumerate(pairs) for one in paths(a, b, f"{at}[{number}]")]
    return [] if want == have else [f"{at}: {str(want)[:100]} != {str(have)[:100]}"]
