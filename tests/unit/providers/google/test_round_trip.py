"""Any conversation of parts goes to Gemini's wire and back without loss of what the wire can carry."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

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
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import ModelRequest
from contracts.usage import Usage
from providers.google.encode_request import encode_request
from providers.google.usage import read_usage
from tests.conformance.google.read_request import read_request

TEXT = st.text(max_size=30)
NAME = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
SIGNATURE = st.binary(min_size=1, max_size=9).map(lambda raw: base64.b64encode(raw + b"..", altchars=b"+/").decode())
SIGNATURES = SIGNATURE.map(lambda text: text.rstrip("=")) | st.none()
OBJECTS = st.dictionaries(NAME, st.recursive(st.none() | st.booleans() | st.integers() | TEXT, st.lists), max_size=3)
BYTES = st.binary(max_size=12).map(lambda raw: base64.b64encode(raw).decode().rstrip("="))


def media(kind: str) -> st.SearchStrategy[BytesSource | UrlSource]:
    inline = st.builds(BytesSource, media_type=st.just(f"{kind}/x"), content=BYTES)
    return inline | st.builds(UrlSource, url=NAME.map("https://example.org/{}".format), media_type=st.just(f"{kind}/x"))


def ours(signature: str | None) -> str | None:
    return "google" if signature else None


TEXTS = st.builds(
    lambda text, sig: TextPart(text=text, signature=sig if text else None, provider=ours(sig if text else None)),
    TEXT,
    SIGNATURES,
)
IMAGES = st.builds(
    lambda source, sig: ImagePart(source=source, signature=sig, provider=ours(sig)), media("image"), SIGNATURES
)
SOUNDS = st.builds(AudioPart, source=media("audio"))
DOCUMENTS = st.builds(DocumentPart, source=media("application"))
THOUGHTS = st.builds(ReasoningPart, text=TEXT, signature=SIGNATURES, provider=st.just("google")) | st.builds(
    ReasoningPart, redacted=SIGNATURE.map(lambda text: text.rstrip("=")), provider=st.just("google")
)
BLOCKS = st.builds(
    lambda code: ProviderPart(provider="google", payload={"executableCode": {"language": "PYTHON", "code": code}}), TEXT
)
CALLS = st.builds(
    lambda call_id, name, args, sig: ToolCallPart(
        id=call_id, name=name, arguments=json.dumps(args, ensure_ascii=False), signature=sig, provider=ours(sig)
    ),
    NAME,
    NAME,
    OBJECTS,
    SIGNATURES,
)
RESULTS = st.builds(
    lambda call_id, name, value, failed, more: ToolResultPart(
        call_id=call_id,
        name=name,
        content=(TextPart(text=json.dumps({"error": "x"} if failed else {**value, "n": 1}, ensure_ascii=False)), *more),
        is_error=failed,
    ),
    NAME,
    NAME,
    OBJECTS,
    st.booleans(),
    st.lists(st.builds(ImagePart, source=media("image")) | DOCUMENTS, max_size=2),
)


def message(role: str, part: st.SearchStrategy[Part]) -> st.SearchStrategy[Message]:
    return st.lists(part, min_size=1, max_size=4).map(lambda parts: Message(role=role, parts=tuple(parts)))


MESSAGES = st.lists(
    message("user", TEXTS | IMAGES | SOUNDS | DOCUMENTS)
    | message("assistant", TEXTS | IMAGES | THOUGHTS | BLOCKS | CALLS)
    | message("tool", RESULTS),
    min_size=1,
    max_size=6,
)


def joined(messages: list[Message] | tuple[Message, ...]) -> list[tuple[str, Part]]:
    """The parts with their speakers: neighbouring messages of one speaker are one turn on the wire."""
    return [(message.role, part) for message in messages for part in message.parts]


@given(messages=MESSAGES, model=st.sampled_from(["gemini-3-flash", "gemini-3.6-pro"]))
def test_conversations_survive_the_wire(messages: list[Message], model: str) -> None:
    request = ModelRequest(model=ModelRef(provider="google", model=model), messages=tuple(messages))
    encoded = encode_request(request, provider="google")
    body = json.loads(json.dumps(encoded.body))
    back = read_request(body, model).messages
    assert encoded.dropped == ()
    assert encoded.ignored == ()
    assert [unsigned(one) for one in joined(back)] == [unsigned(one) for one in joined(messages)]


def unsigned(one: tuple[str, Part]) -> tuple[str, Part]:
    """The first call of a turn is always signed, so a call's own signature is compared only where it had one."""
    role, part = one
    if isinstance(part, ToolCallPart) and (part.signature or "").startswith("c2tpcF90aG91Z2h0"):
        return role, part.model_copy(update={"signature": None, "provider": None})
    return one


COUNTS = st.integers(min_value=0, max_value=10**7)


@given(prompt=COUNTS, share=st.floats(0, 1), tools=COUNTS, candidates=COUNTS, thoughts=COUNTS)
def test_usage_always_sums_to_the_vendors_total(
    prompt: int, share: float, tools: int, candidates: int, thoughts: int
) -> None:
    usage: Usage = read_usage(
        {
            "prompt_token_count": prompt,
            "cached_content_token_count": int(prompt * share),
            "tool_use_prompt_token_count": tools,
            "candidates_token_count": candidates,
            "thoughts_token_count": thoughts,
        }
    )
    assert usage.total == prompt + tools + candidates + thoughts
    assert min(usage.input_uncached, usage.cache_read, usage.output - usage.reasoning) >= 0
