"""Token counts against counts that OpenAI's own tokenizer page gives."""

from contracts.parts import BytesSource, ImagePart, Message, ReasoningPart, TextPart, ToolCallPart
from contracts.usage import Usage
from domain.estimates import estimate
from domain.tokens import IMAGE_TOKENS, MESSAGE_TOKENS, count_messages, count_text, encoding_name


def test_encodings_by_name() -> None:
    assert encoding_name("gpt-4o-mini") == "o200k_base"
    assert encoding_name("gpt-4.1") == "o200k_base"
    assert encoding_name("gpt-4-turbo") == "cl100k_base"
    assert encoding_name("claude-sonnet-4-5") == "o200k_base"


def test_text_counts() -> None:
    assert count_text("hello world", model="gpt-4o") == 2
    assert count_text("hello world", model="gpt-4") == 2
    assert count_text("", model="gpt-4o") == 0
    # A special token in a prompt is text, not an instruction.
    assert count_text("<|endoftext|>", model="gpt-4o") > 1


def test_messages_count_their_parts() -> None:
    image = ImagePart(source=BytesSource(media_type="image/png", content="AAAA"))
    message = Message(role="user", parts=(TextPart(text="hello world"), image))
    assert count_messages([message], model="gpt-4o") == MESSAGE_TOKENS + 2 + IMAGE_TOKENS


def test_an_estimate_keeps_what_the_vendor_said() -> None:
    prompt = [Message(role="user", parts=(TextPart(text="hello world"),))]
    answered = [
        ReasoningPart(text="hello"),
        TextPart(text="hello world"),
        ToolCallPart(id="1", name="look", arguments="{}"),
    ]
    plain = estimate(prompt, answered, model="gpt-4o", reported=None)
    assert plain.estimated
    assert plain.input_uncached == MESSAGE_TOKENS + 2
    assert plain.output == 5
    kept = estimate(prompt, answered, model="gpt-4o", reported=Usage(input_uncached=70, cache_read=30, output=1))
    assert (kept.input, kept.output, kept.estimated) == (100, 5, True)
