"""What a model's name tells."""

import pytest

from providers.anthropic.families import capabilities_of, family_of


@pytest.mark.parametrize(
    ("model", "line", "generation"),
    [
        ("claude-2.1", "", (2, 1)),
        ("claude-instant-1.2", "", (1, 2)),
        ("claude-3-opus-20240229", "", (3, 0)),
        ("claude-3-5-haiku-latest", "", (3, 5)),
        ("claude-3-7-sonnet-20250219", "", (3, 7)),
        ("claude-sonnet-4-20250514", "sonnet", (4, 0)),
        ("claude-opus-4-0", "opus", (4, 0)),
        ("claude-4-opus-20250514", "", (4, 0)),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "sonnet", (4, 5)),
        ("anthropic/claude-haiku-4.5", "haiku", (4, 5)),
        ("claude-opus-4@20250514", "opus", (4, 0)),
        ("claude-fable-5", "fable", (5, 0)),
        ("claude-opus-5-5", "opus", (5, 5)),
        ("claude-mythos-preview", "mythos", (4, 7)),
        ("claude-of-tomorrow", "", (9, 0)),
    ],
)
def test_names(model: str, line: str, generation: tuple[int, int]) -> None:
    family = family_of(model)
    assert family.claude
    assert (family.line, family.generation) == (line, generation)


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("claude-2.1", 4_096),
        ("claude-3-haiku-20240307", 4_096),
        ("claude-3-5-sonnet-20241022", 8_192),
        ("claude-opus-4-1", 32_000),
        ("claude-sonnet-4-5", 64_000),
        ("claude-opus-4-5", 64_000),
        ("claude-opus-4-6", 128_000),
        ("claude-fable-5", 128_000),
    ],
)
def test_output_limits(model: str, limit: int) -> None:
    assert family_of(model).output_limit == limit


def test_only_elder_models_go_on_from_a_prefill() -> None:
    assert capabilities_of("claude-sonnet-4-5").prefill
    assert not capabilities_of("claude-sonnet-4-6").prefill
    assert not capabilities_of("claude-sonnet-5").prefill
    assert capabilities_of("somebody-elses-model").prefill


def test_elder_models_lack_what_came_later() -> None:
    old = capabilities_of("claude-2.1")
    assert [old.tools, old.images, old.reasoning, old.json_schema] == [False] * 4
    new = capabilities_of("claude-opus-5")
    assert new.tools
    assert new.reasoning
    assert new.json_schema
    assert not new.audio
