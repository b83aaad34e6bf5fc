"""Which opaque tokens and blocks are this provider's own, and may go back to it."""

WIRE = "bedrock"


def is_ours(stamp: str | None, provider: str) -> bool:
    """Whether a part stamped with `stamp` came from `provider` (its configured name), or from this wire."""
    return stamp is not None and stamp in (provider, WIRE)
