import pytest

from contracts.requests import ReasoningEffort
from providers.google.families import capabilities_of, family_of, thinking_config


@pytest.mark.parametrize(
    ("model", "generation", "thinks"),
    [
        ("gemini-1.5-flash", (1, 5), False),
        ("gemini-2.0-flash", (2, 0), False),
        ("models/gemini-2.5-pro", (2, 5), True),
        ("gemini-2.5-flash-image", (2, 5), False),
        ("gemini-3-pro-image-preview", (3, 0), True),
        ("gemini-3.1-flash-tts-preview", (3, 1), False),
        ("publishers/google/models/gemini-3.6-flash", (3, 6), True),
        ("gemini-flash-latest", (3, 0), True),
        ("gemma-4-31b-it", (0, 0), False),
    ],
)
def test_families(model: str, generation: tuple[int, int], thinks: bool) -> None:
    family = family_of(model)
    assert (family.generation, family.thinks) == (generation, thinks)
    assert capabilities_of(model).reasoning is thinks


@pytest.mark.parametrize(
    ("model", "effort", "tokens", "config", "ignored"),
    [
        ("gemini-3-flash", "high", None, {"thinkingLevel": "HIGH", "includeThoughts": True}, ()),
        ("gemini-3-flash", "none", None, {"thinkingLevel": "MINIMAL"}, ("reasoning_effort",)),
        ("gemini-3-pro", "minimal", None, {"thinkingLevel": "LOW", "includeThoughts": True}, ()),
        ("gemini-2.5-flash", "none", None, {"thinkingBudget": 0}, ()),
        ("gemini-2.5-flash", "medium", None, {"thinkingBudget": 8192, "includeThoughts": True}, ()),
        ("gemini-2.5-pro", "none", None, {"thinkingBudget": 128}, ("reasoning_effort",)),
        ("gemini-2.5-pro", "low", 500, {"thinkingBudget": 500, "includeThoughts": True}, ("reasoning_effort",)),
        ("gemini-2.0-flash", "high", None, None, ("reasoning_effort",)),
        ("gemini-2.0-flash", "none", None, None, ()),
        ("gemini-3-flash", None, None, None, ()),
    ],
)
def test_thinking(
    model: str, effort: ReasoningEffort | None, tokens: int | None, config: object, ignored: tuple[str, ...]
) -> None:
    assert thinking_config(family_of(model), effort, tokens) == (config, ignored)
