"""Deliveries are signed as Standard Webhooks says, and taken only near their time."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.signing import StaleError, UnsignedError, key_of, secret_of, signed, verified

NOW = datetime(2021, 2, 25, 12, 0, 30, tzinfo=UTC)
KEY = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def test_the_signature_is_that_of_the_specifications_reference() -> None:
    """The vector of standardwebhooks' own tests (libraries/python/tests/test_webhooks.py and the Svix documentation)."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', now=at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_a_secret_is_kept_as_text() -> None:
    assert key_of(secret_of(KEY)) == KEY
    assert key_of("plain") == b"plain"
    assert key_of("whsec_not base64!") == b"whsec_not base64!"


def test_one_of_several_signatures_is_enough() -> None:
    headers = signed(KEY, "m", b"{}", now=NOW)
    headers["webhook-signature"] = f"v1a,xx v1,AAAA {headers['webhook-signature']}"
    assert verified(KEY, headers, b"{}", now=NOW + timedelta(minutes=5)) == "m"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"webhook-signature": "v1,AAAA"}, UnsignedError),
        ({"webhook-signature": "v2,{right}"}, UnsignedError),
        ({"webhook-signature": ""}, UnsignedError),
        ({"webhook-id": "other"}, UnsignedError),
        ({"webhook-id": ""}, StaleError),
        ({"webhook-id": "m" * 256}, StaleError),
        ({"webhook-timestamp": "-1"}, StaleError),
        ({"webhook-timestamp": "²"}, StaleError),
        ({"webhook-timestamp": "9" * 13}, StaleError),
        ({"webhook-timestamp": str(int(NOW.timestamp()) - 301)}, StaleError),
        ({"webhook-timestamp": str(int(NOW.timestamp()) + 301)}, StaleError),
        ({"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, UnsignedError),
    ],
    ids=range(12),
)
def test_anything_else_is_refused(changes: dict[str, str], error: type[Exception]) -> None:
    headers = signed(KEY, "m", b"{}", now=NOW)
    right = headers["webhook-signature"].partition(",")[2]
    headers |= {name: one.format(right=right) for name, one in changes.items()}
    with pytest.raises(error):
        verified(KEY, headers, b"{}", now=NOW)


def test_another_body_is_refused() -> None:
    with pytest.raises(UnsignedError):
        verified(KEY, signed(KEY, "m", b"{}", now=NOW), b"{ }", now=NOW)
