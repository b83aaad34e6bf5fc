"""Signatures by the Standard Webhooks specification (github.com/standard-webhooks/standard-webhooks, spec 1.0.0)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

MARK = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far a delivery's time may be from ours: as old it may have been taken from somebody, and sent again."""
_LONGEST_ID = 255


class StaleError(ValueError):
    """A delivery that is not complete, or not of now."""


class UnsignedError(ValueError):
    """A delivery that somebody else signed, or nobody."""


def key_of(secret: str) -> bytes:
    """The key in a secret: `whsec_` and base64, or as it stands."""
    if not secret.startswith(MARK):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(MARK), validate=True)
    except ValueError:
        return secret.encode()


def secret_of(key: bytes) -> str:
    """The secret to a key, as people keep it."""
    return MARK + base64.b64encode(key).decode()


def signed(key: bytes, message_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The three headers that a receiver checks: `webhook-id`, `webhook-timestamp` and `webhook-signature`."""
    moment = str(int(now.timestamp()))
    signature = base64.b64encode(_digest(key, message_id, moment, body)).decode()
    return {"webhook-id": message_id, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}


def verified(key: bytes, headers: Mapping[str, str], body: bytes, *, now: datetime) -> str:
    """The id of a delivery whose signature is right and whose time is near. Raises StaleError, UnsignedError."""
    message_id, moment, signatures = (
        headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not message_id or len(message_id) > _LONGEST_ID:
        raise StaleError(f"The header webhook-id is missing, or longer than {_LONGEST_ID} characters.")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise StaleError("The header webhook-timestamp is no time, in whole seconds since 1970.")
    if not signatures:
        raise UnsignedError("The header webhook-signature is missing.")
    away = abs(int(now.timestamp()) - int(moment))
    if away > TOLERANCE.total_seconds():
        allowed = int(TOLERANCE.total_seconds())
        raise StaleError(f"The delivery's time is {away:,} s away from ours; at most {allowed} s are allowed.")
    right = _digest(key, message_id, moment, body)
    for one in signatures.split(" ")[:20]:
        version, _, given = one.partition(",")
        if version == "v1" and hmac.compare_digest(_bytes(given), right):
            return message_id
    raise UnsignedError("The signature is not that of this address's secret.")


def _digest(key: bytes, message_id: str, moment: str, body: bytes) -> bytes:
    text = b".".join((message_id.encode("utf-8", "surrogateescape"), moment.encode(), body))
    return hmac.new(key, text, hashlib.sha256).digest()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
