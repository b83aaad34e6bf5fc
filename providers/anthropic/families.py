"""What the families of Claude models can do (docs.anthropic.com, "Models overview", "Prefill", "Effort")."""

import re

from providers.protocol import Capabilities

_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d+)(?:-(\d{1,2})(?!\d))?")
_FIRST_WITHOUT_PREFILL = (4, 6)
_FIRST_WITH_EFFORT = (4, 6)


def version(model: str) -> tuple[int, int]:
    """(major, minor) of a Claude model's name; a name that tells none counts as the newest."""
    found = _VERSION.search(model)
    if found is None:
        return (99, 0)
    return int(found[1]), int(found[2] or 0)


def takes_effort(model: str) -> bool:
    """The model has the effort setting; older ones are given a budget of thinking instead."""
    return version(model) >= _FIRST_WITH_EFFORT or "opus-4-5" in model


def largest_answer(model: str) -> int:
    """The answer's length in tokens where the request sets none, which this wire demands: the family's limit."""
    match version(model):
        case (3, minor) if minor < 5:
            return 4_096
        case (3, 5):
            return 8_192
        case _:
            return 32_000


def capabilities_of(model: str) -> Capabilities:
    """What `model` can take and give. Newer models refuse to go on from a text that was begun for them."""
    found = version(model)
    return Capabilities(
        json_schema=found >= (4, 1),
        audio=False,
        reasoning=found >= (3, 7),
        prefill=found < _FIRST_WITHOUT_PREFILL,
    )
