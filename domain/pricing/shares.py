"""A usage taken apart into shares that are priced alike: disjoint, and summing to the usage's own totals."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.usage import Usage


@dataclass(frozen=True, slots=True)
class Share:
    """`count` tokens or calls; `prices` are the names of the rates that may be charged for it, the most specific first."""

    name: str
    count: int
    prices: tuple[str, ...]


def input_shares(usage: Usage) -> list[Share]:
    """The input's tokens, by what the cache did and by medium; they sum to `usage.input`."""
    shares = [
        *_by_medium(
            "input",
            usage.input_uncached,
            audio=usage.input_audio - usage.cache_read_audio,
            image=usage.input_image - usage.cache_read_image,
            video=usage.input_video - usage.cache_read_video,
            plain=("input_mtok",),
        ),
        *_by_medium(
            "cache_read",
            usage.cache_read,
            audio=usage.cache_read_audio,
            image=usage.cache_read_image,
            video=usage.cache_read_video,
            plain=("cache_read_mtok", "input_mtok"),
        ),
    ]
    hour = min(usage.cache_write_1h, usage.cache_write)
    plain = ("cache_write_mtok", "input_mtok")
    shares.append(Share("cache_write_5m", usage.cache_write - hour, ("cache_write_5m_mtok", *plain)))
    shares.append(Share("cache_write_1h", hour, ("cache_write_1h_mtok", *plain)))
    return [share for share in shares if share.count]


def output_shares(usage: Usage) -> list[Share]:
    """The output's tokens, by what they are; they sum to `usage.output`."""
    apart = [
        ("output_audio", usage.output_audio, "output_audio_mtok"),
        ("output_image", usage.output_image, "output_image_mtok"),
        ("citation", usage.citation, "output_citation_mtok"),
        ("reasoning", usage.reasoning, "output_reasoning_mtok"),
    ]
    taken = _taken(usage.output, ((name, count) for name, count, _ in apart))
    shares = [Share(name, taken[name], (price, "output_mtok")) for name, _, price in apart]
    shares.append(Share("output", usage.output - sum(taken.values()), ("output_mtok",)))
    return [share for share in shares if share.count]


def call_shares(usage: Usage) -> list[Share]:
    """Calls of the vendor's own tools."""
    shares = [
        Share("web_searches", usage.web_searches, ("web_searches_kcount",)),
        Share("file_searches", usage.file_searches, ("storage_searches_kcount",)),
        Share("social_searches", usage.social_searches, ("social_searches_kcount",)),
        Share("attachment_searches", usage.attachment_searches, ("attachment_searches_kcount",)),
        Share("code_executions", usage.code_executions, ("code_executions_kcount",)),
    ]
    return [share for share in shares if share.count]


def _by_medium(name: str, whole: int, *, audio: int, image: int, video: int, plain: tuple[str, ...]) -> Iterable[Share]:
    taken = _taken(whole, (("audio", audio), ("image", image), ("video", video)))
    yield Share(name, whole - sum(taken.values()), plain)
    for medium, count in taken.items():
        own = f"input_{medium}_mtok"
        # A cached medium has its own rate, else the cache's; a model that prices neither charges the medium's or the plain one.
        prices = (f"cache_{medium}_read_mtok", plain[0], own) if name == "cache_read" else (own,)
        yield Share(f"{name}_{medium}", count, (*prices, plain[-1]))


def _taken(whole: int, shares: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Each share, cut where a vendor's counts exceed the whole that they are shares of."""
    left = whole
    taken = {}
    for name, count in shares:
        taken[name] = min(max(count, 0), left)
        left -= taken[name]
    return taken
