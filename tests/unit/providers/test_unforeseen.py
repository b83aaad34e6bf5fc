"""What no adapter foresees is told to the caller in general, and to the log by its place."""

import logging

import pytest

from contracts.errors import ErrorKind
from providers.unforeseen import unforeseen


def test_the_words_stay_out_of_the_message_and_the_place_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    error: Exception = AttributeError("quoting the prompt")
    with caplog.at_level(logging.WARNING, logger="perdure.providers"):
        failure = unforeseen(error, provider="acme")
    assert (failure.kind, failure.provider) == (ErrorKind.UNAVAILABLE, "acme")
    assert failure.message == "acme sent something that could not be read (AttributeError): ask again"
    (record,) = caplog.records
    assert record.getMessage() == "an answer of acme could not be read"
    assert record.exc_info is not None
    assert record.exc_info[1] is error
