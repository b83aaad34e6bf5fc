"""What of a conversation is sent to a model that takes less than those before it."""

from activities.taking import takeable
from contracts.parts import BytesSource, ImagePart, Message, TextPart
from contracts.routing import Capability
from providers.protocol import Capabilities

IMAGE = ImagePart(source=BytesSource(media_type="image/png", content="AAAA"))
EARLIER = Message(role="user", parts=(TextPart(text="What is this?"), IMAGE))
ANSWER = Message(role="assistant", parts=(TextPart(text="A cat."),))
NOW = Message(role="user", parts=(TextPart(text="And this?"), IMAGE))
SEES = Capabilities(images=True)
BLIND = Capabilities(images=False)


def test_earlier_images_are_left_out_and_counted() -> None:
    for wire, known in ((SEES, frozenset[Capability]()), (BLIND, frozenset(Capability))):
        kept, left_out = takeable([EARLIER, ANSWER, NOW], wire=wire, known=known)
        assert kept[0].parts == (TextPart(text="What is this?"),)
        assert left_out == {"image": 1}
        # What is said now is the caller's: the model itself refuses it.
        assert kept[1:] == (ANSWER, NOW)


def test_a_model_that_sees_gets_everything() -> None:
    kept, left_out = takeable([EARLIER, ANSWER, NOW], wire=SEES, known=frozenset({Capability.IMAGES}))
    assert kept == (EARLIER, ANSWER, NOW)
    assert not left_out
