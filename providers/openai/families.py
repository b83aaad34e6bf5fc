"""What a model's name tells about it. A router's (`openai/gpt-5`) or Bedrock's (`openai.gpt-5.5`) counts without its vendor."""

import re
from dataclasses import dataclass

from providers.openai.dialects import dialect_of
from providers.protocol import Capabilities, Wire

_GPT = re.compile(r"^gpt-(\d+)(?:\.(\d+))?(?![\d])")
_O = re.compile(r"^o\d")


@dataclass(frozen=True, slots=True)
class Family:
    """Facts of a model's family.

    `reasons`: thinks before it answers. `fixed_sampling`: takes no temperature and the like. `stops`: takes stop
    sequences. `marks_cache`: takes explicit cache breakpoints. `streams`: can stream its answer.
    """

    reasons: bool
    fixed_sampling: bool
    stops: bool
    marks_cache: bool
    streams: bool
    speaks: bool


def family_of(model: str, effort: str | None = None) -> Family:
    """The family of `model`; `effort` is the reasoning effort asked for, on which sampling depends since GPT-5.1.

    Sources: platform.openai.com/docs/guides/latest-model (parameters that reasoning models refuse), /guides/prompt-caching;
    docs.x.ai/docs/models (stop).
    """
    name = model.rsplit("/", 1)[-1].lower().removeprefix("openai.")
    found = _GPT.match(name)
    version = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    o_series = bool(_O.match(name))
    thinking_gpt = version >= (5, 0) and "chat" not in name
    thinking_grok = name.startswith(("grok-3-mini", "grok-4")) and "non-reasoning" not in name
    reasons = o_series or thinking_gpt or name.startswith(("codex-", "computer-use"))
    # Since GPT-5.1 a model that is told not to think takes a temperature, and not thinking is its default.
    free = version >= (5, 1) and effort in (None, "none")
    return Family(
        reasons=reasons,
        fixed_sampling=reasons and not free,
        stops=not (thinking_gpt or thinking_grok or name.startswith(("o4", "o3-2", "o3-pro")) or name == "o3"),
        marks_cache=version >= (5, 6),
        streams=not name.startswith("o1-pro"),
        speaks="audio" in name,
    )


def capabilities_of(model: str, wire: Wire, *, is_vendor: bool, vendor: str = "") -> Capabilities:
    """What `model` can take and give over `wire`; for a server other than OpenAI's own, what the wire allows.

    OpenAI itself does not go on from a begun answer; many servers that speak its chat wire do. `vendor` is the service, a name
    of `providers/presets.py`.
    """
    family, dialect = family_of(model), dialect_of(vendor, is_vendor=is_vendor)
    responses = wire == "openai-responses"
    return Capabilities(
        audio=not responses and (family.speaks or not is_vendor),
        reasoning=family.reasons or not is_vendor,
        json_schema=dialect.json_schema,
        prefill=dialect.prefills and not responses,
        streaming=family.streams,
    )
