"""What a conversation loses with another model."""

from dataclasses import replace

import pytest

from contracts.models import ModelRef
from contracts.parts import (
    AudioPart,
    BytesSource,
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
from contracts.routing import Capability
from domain.catalog.entry import ModelEntry
from domain.switching import how_many, lost_at, taken_by, without

IMAGE = ImagePart(source=BytesSource(media_type="image/png", content="AAAA"))
SOUND = AudioPart(source=BytesSource(media_type="audio/wav", content="AAAA"))
PAPER = DocumentPart(source=BytesSource(media_type="application/pdf", content="AAAA"))
CALL = ToolCallPart(id="c", name="look", arguments="{}")
EVERYTHING = frozenset(Capability)


def lost(*parts: Part, capabilities: frozenset[Capability] = frozenset()) -> tuple[str, ...]:
    return lost_at([Message(role="user", parts=parts)], provider="openai", capabilities=capabilities)


def test_text_calls_results_and_refusals_go_along() -> None:
    result = ToolResultPart(call_id="c", content=(TextPart(text="It rains."),))
    assert lost(TextPart(text="Hi"), RefusalPart(text="No."), CALL, result) == ()


def test_what_it_cannot_take_is_counted_by_kind() -> None:
    inside = ToolResultPart(call_id="c", content=(IMAGE,))
    assert lost(IMAGE, inside, SOUND, PAPER) == ("1 document", "2 images", "1 recording")
    assert lost(IMAGE, inside, SOUND, PAPER, capabilities=EVERYTHING) == ()
    assert lost(IMAGE, SOUND, capabilities=frozenset({Capability.IMAGES})) == ("1 recording",)


def test_only_foreign_thoughts_are_lost() -> None:
    own = ReasoningPart(text="Hm.", provider="openai")
    foreign = ReasoningPart(text="Hm.", provider="anthropic")
    assert lost(own, foreign, foreign, capabilities=EVERYTHING) == ("2 pieces of reasoning by anthropic",)
    part = ProviderPart(provider="google", payload={})
    assert lost(part, capabilities=EVERYTHING) == ("1 part of a kind that only google understands",)


def test_a_message_that_loses_all_keeps_its_place() -> None:
    said = [
        Message(role="user", parts=(IMAGE,)),
        Message(role="assistant", parts=(TextPart(text="A cat."),)),
        Message(role="user", parts=(TextPart(text="And this?"), IMAGE, PAPER)),
    ]
    kept, left_out = without(said, lambda part: isinstance(part, ImagePart))
    assert [message.role for message in kept] == ["user", "assistant", "user"]
    assert "left out" in kept[0].parts[0].text  # type: ignore[union-attr]
    assert kept[1] is said[1]
    assert kept[2].parts == (TextPart(text="And this?"), PAPER)
    assert left_out == {"image": 2}


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [(1, "image", "1 image"), (2, "image", "2 images"), (2, "piece of reasoning", "2 pieces of reasoning")],
    ids=["one", "two", "pieces"],
)
def test_things_are_counted_in_words(number: int, name: str, said: str) -> None:
    assert how_many(number, name) == said


def test_a_guess_takes_nothing_away() -> None:
    entry = ModelEntry(ref=ModelRef(provider="ollama", model="llava"), name="llava")
    assert taken_by(entry) == {Capability.STREAMING}
    assert taken_by(replace(entry, guessed=True)) == EVERYTHING
