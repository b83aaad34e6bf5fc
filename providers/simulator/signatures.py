"""Opaque tokens that belong to a thought, as vendors sign or encrypt theirs: made here, recognised when they come back."""

from base64 import b64decode, b64encode
from hashlib import blake2b

_MARK = b"simulated-thought"


def sign(text: str) -> str:
    """The token of a thought, in base64."""
    return b64encode(_MARK + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()).decode()


def is_ours(token: object) -> bool:
    """True for a token that a simulator made."""
    try:
        return isinstance(token, str) and b64decode(token, validate=True).startswith(_MARK)
    except ValueError:
        return False


def fits(token: object, text: str) -> bool:
    """True where `token` belongs to `text`; an empty text fits every token of ours (the thought was not shown)."""
    return is_ours(token) and (not text or token == sign(text))
