"""What an address of a webhook looks like. Whether it may be reached is judged when it is."""

from urllib.parse import urlsplit

from contracts.errors import ErrorKind, PerdureError

_LONGEST = 2_000


def check_url(url: str, field: str = "url") -> None:
    """Raises `invalid_request` for what is no address of a web server, or holds a password, which would be shown."""
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        fit = fit and url.isascii() and url.isprintable() and " " not in url and (parts.port or 1) > 0
    except ValueError:
        fit = False
    if not fit or len(url) > _LONGEST:
        message = f"{field} must be http://… or https://… with a host, without a user or password."
        raise PerdureError(ErrorKind.INVALID_REQUEST, message, field=field)
