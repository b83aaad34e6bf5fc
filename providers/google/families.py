"""What is known of a Gemini model by its name alone."""

import re
from dataclasses import dataclass

from contracts.requests import ReasoningEffort
from providers.protocol import Capabilities

_VERSION = re.compile(r"^gemini-(\d+)(?:\.(\d+))?")

_LEVELS: dict[ReasoningEffort, str] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}

# The budgets that Google's own OpenAI-compatible endpoint uses for its 2.5 models
# (https://ai.google.dev/gemini-api/docs/openai, "Thinking").
_BUDGETS: dict[ReasoningEffort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}


@dataclass(frozen=True, slots=True)
class Family:
    """A model's generation and kind. `thinks` is False where the model takes no `thinkingConfig` at all."""

    generation: tuple[int, int]
    thinks: bool
    thinks_always: bool
    by_level: bool
    speaks: bool
    gemini: bool
    pro: bool

    @property
    def checks_signatures(self) -> bool:
        """From Gemini 3 on, a function call that comes back without a thought signature is refused with a 400."""
        return self.gemini and self.generation >= (3, 0)

    @property
    def media_in_results(self) -> bool:
        """From Gemini 3 on, a function response may carry images and documents of its own."""
        return self.gemini and self.generation >= (3, 0)


def family_of(model: str) -> Family:
    """Read a model's name (`gemini-2.5-pro`, `models/gemini-flash-latest`, a Vertex resource path).

    A name without a version (`gemini-flash-latest`) is taken for the newest generation.
    """
    name = model.rsplit("/", 1)[-1].lower()
    gemini = name.startswith(("gemini", "nano-banana"))
    found = _VERSION.match(name)
    generation = (int(found[1]), int(found[2] or 0)) if found else ((3, 0) if gemini else (0, 0))
    media_only = "image" in name or "tts" in name or "banana" in name
    pro = re.search(r"\bpro\b", name) is not None
    thinks = gemini and generation >= (2, 5) and not (media_only and generation < (3, 0)) and "tts" not in name
    return Family(
        generation=generation,
        thinks=thinks,
        thinks_always=thinks and (generation >= (3, 0) or pro),
        by_level=thinks and generation >= (3, 0),
        speaks="tts" in name or "live" in name,
        gemini=gemini,
        pro=pro,
    )


def thinking_config(
    family: Family, effort: ReasoningEffort | None, tokens: int | None
) -> tuple[dict[str, object] | None, tuple[str, ...]]:
    """The wire's `thinkingConfig` for the reasoning knobs, and the names of the knobs that could not be honoured.

    A budget in tokens wins over an effort: the API takes one or the other. Pro models have no MINIMAL level, and
    models that always think answer `none` with the least they can.
    """
    asked = tuple(
        name for name, value in (("reasoning_effort", effort), ("reasoning_tokens", tokens)) if value is not None
    )
    if not asked:
        return None, ()
    if not family.thinks:
        return None, tuple(name for name in asked if not (name == "reasoning_effort" and effort == "none"))
    if tokens is not None:
        ignored = ("reasoning_effort",) if effort is not None else ()
        return {"thinkingBudget": tokens, **_thoughts(tokens != 0)}, ignored
    assert effort is not None
    ignored = ("reasoning_effort",) if effort == "none" and family.thinks_always else ()
    if family.by_level:
        level = "LOW" if family.pro and _LEVELS[effort] == "MINIMAL" else _LEVELS[effort]
        return {"thinkingLevel": level, **_thoughts(effort != "none")}, ignored
    budget = _BUDGETS[effort]
    if family.pro:
        # 2.5 Pro thinks with 128 tokens at least and 32,768 at most.
        budget = 128 if effort == "none" else 32768 if effort in ("xhigh", "max") else budget
    return {"thinkingBudget": budget, **_thoughts(effort != "none")}, ignored


def capabilities_of(model: str) -> Capabilities:
    """What a model can take and give. A trailing model turn is not honoured as a prefill by thinking models."""
    family = family_of(model)
    return Capabilities(
        tools=not family.speaks,
        parallel_tools=not family.speaks,
        json_schema=not family.speaks,
        images=not family.speaks,
        documents=not family.speaks,
        audio=family.gemini,
        reasoning=family.thinks,
        prefill=False,
        streaming=True,
    )


def _thoughts(wanted: bool) -> dict[str, object]:
    """Thoughts are billed whether shown or not, so they are shown where reasoning was asked for."""
    return {"includeThoughts": True} if wanted else {}
