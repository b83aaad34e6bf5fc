"""What Cohere's models can take and give, told from their names (https://docs.cohere.com/docs/models)."""

from providers.protocol import Capabilities


def thinks(model: str) -> bool:
    """Whether a model reasons before it answers, and takes `thinking`. One of an unknown line counts as one that does."""
    name = model.lower()
    if "reasoning" in name:
        return True
    return not name.startswith(("command", "c4ai", "aya", "tiny-aya"))


def sees(model: str) -> bool:
    """Whether a model takes images."""
    name = model.lower()
    return "vision" in name or not name.startswith(("command", "c4ai", "aya", "tiny-aya"))


def capabilities_of(model: str) -> Capabilities:
    """What a model can take and give over this wire, which carries no sound and of documents only text."""
    name = model.lower()
    takes_tools = "vision" not in name and "aya" not in name
    return Capabilities(
        tools=takes_tools,
        parallel_tools=takes_tools,
        json_schema=True,
        images=sees(name),
        documents=True,
        audio=False,
        reasoning=thinks(name),
        prefill=False,
        streaming=True,
    )
