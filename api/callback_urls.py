"""Addresses that callers want to be told at."""

from urllib.parse import urlsplit

from api.doors import Doors
from contracts.errors import ErrorKind, PerdureError


def check_callback(url: str | None, doors: Doors, *, field: str = "callback_url") -> None:
    """Refuse an address that is none, and any where nothing could be signed."""
    if url is None:
        return
    if not doors.callbacks:
        message = "This deployment signs no callbacks: PERDURE_CALLBACK_SECRET is not set. Poll, or use wait."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        fit = fit and url.isascii() and url.isprintable() and " " not in url and (parts.port or 1) > 0
    except ValueError:
        fit = False
    if not fit:
        message = f"{field} must be http://… or https://… with a host, without a user or password."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
