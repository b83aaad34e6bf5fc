"""Which opaque blocks are this provider's own, and may go back to it."""

WIRE = "cohere"
TOOL_PLAN = "tool_plan"
"""The id of a reasoning part that Cohere keeps apart from other thought: the plan that leads to tool calls."""


def is_ours(stamp: str | None, provider: str) -> bool:
    """Whether a part stamped with `stamp` came from `provider` (its configured name), or from this wire."""
    return stamp is not None and stamp in (provider, WIRE)
