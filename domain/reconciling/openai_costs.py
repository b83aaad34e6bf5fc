"""What OpenAI's line items are about."""

from contracts.reconciling import TOOLS

_TOOL_WORDS = ("search", "code interpreter", "container", "file storage", "session")


def model_of(line_item: str | None) -> str | None:
    """The model of a line item ("gpt-5-mini-2025-08-07, input"), `TOOLS` for tools, None where the bill is not told apart."""
    if not line_item:
        return None
    name = line_item.partition(",")[0].partition(" | ")[0].strip().lower()
    return TOOLS if any(word in name for word in _TOOL_WORDS) and " " in name else name
