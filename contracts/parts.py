"""Messages are made of parts: what people, models and tools say, in one form for every vendor."""

from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.base import Contract


class UrlSource(Contract):
    """Content that the vendor fetches by itself. `url` may also name a vendor's uploaded file (`gs://`, `files/…`)."""

    type: Literal["url"] = "url"
    url: str
    media_type: str | None = None


class BytesSource(Contract):
    """Content sent inline. `content` is standard base64 text."""

    type: Literal["bytes"] = "bytes"
    media_type: str
    content: str


class FileSource(Contract):
    """Content already uploaded to a vendor, by the vendor's file id."""

    type: Literal["file"] = "file"
    file_id: str
    media_type: str | None = None


Source = Annotated[UrlSource | BytesSource | FileSource, Field(discriminator="type")]


class Citation(Contract):
    """A source that a vendor names for a span of text. Offsets are in characters of the part's text where given.

    `raw` keeps the vendor's own object, so that it can be sent back to the same vendor unchanged.
    """

    url: str | None = None
    title: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    provider: str | None = None
    raw: dict[str, Any] | None = None


class CacheHint(Contract):
    """The caller asks that the prompt be cached up to here. `ttl` is the vendor's word (`5m`, `1h`)."""

    ttl: str | None = None


class TextPart(Contract):
    """Text. `signature` is a vendor's opaque token that belongs to this text (Gemini thought signatures).

    `phase` is a vendor's word for text that leads to the answer or is it (OpenAI's `commentary`, `final_answer`).
    """

    type: Literal["text"] = "text"
    text: str
    citations: tuple[Citation, ...] = ()
    cache: CacheHint | None = None
    signature: str | None = None
    provider: str | None = None
    id: str | None = None
    phase: str | None = None


class ImagePart(Contract):
    """An image. `detail` is OpenAI's hint (`low`, `high`, `auto`). `signature` belongs to an image that the vendor drew."""

    type: Literal["image"] = "image"
    source: Source
    detail: str | None = None
    cache: CacheHint | None = None
    signature: str | None = None
    provider: str | None = None


class AudioPart(Contract):
    """Sound. `media_type` of the source says the format."""

    type: Literal["audio"] = "audio"
    source: Source


class DocumentPart(Contract):
    """A document (PDF, text) or another file, video among them. `title` and `context` go to the model where it takes them."""

    type: Literal["document"] = "document"
    source: Source
    name: str | None = None
    title: str | None = None
    context: str | None = None
    citations: bool | None = None
    cache: CacheHint | None = None


class RefusalPart(Contract):
    """The model's own words of refusal, where a vendor keeps them apart from text."""

    type: Literal["refusal"] = "refusal"
    text: str


class ReasoningPart(Contract):
    """What the model thought. `signature` and `redacted` are opaque and only mean something to `provider`.

    `text` is the visible thought, or its summary; `redacted` is encrypted content. `id` is the vendor's item id.
    """

    type: Literal["reasoning"] = "reasoning"
    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    provider: str | None = None
    id: str | None = None
    summaries: tuple[str, ...] = ()


class ToolCallPart(Contract):
    """The model asks for a tool. `arguments` is the JSON text as the model wrote it, which may be malformed.

    `id` is what the result answers to; `item_id` is a vendor's second id and `namespace` the group that the tool's name
    belongs to (OpenAI responses).
    """

    type: Literal["tool_call"] = "tool_call"
    id: str
    name: str
    arguments: str
    kind: Literal["function", "custom"] = "function"
    signature: str | None = None
    provider: str | None = None
    item_id: str | None = None
    namespace: str | None = None
    cache: CacheHint | None = None


ResultPart = Annotated[TextPart | ImagePart | DocumentPart | AudioPart, Field(discriminator="type")]


class ToolResultPart(Contract):
    """What a tool answered. `call_id` names the call, `name` the tool (Gemini needs it)."""

    type: Literal["tool_result"] = "tool_result"
    call_id: str
    name: str | None = None
    content: tuple[ResultPart, ...] = ()
    is_error: bool = False
    kind: Literal["function", "custom"] = "function"
    cache: CacheHint | None = None


class ProviderPart(Contract):
    """A block that only one vendor understands (server tools and their results), kept as it came.

    It goes back verbatim to the same `provider` and is dropped, and reported, for every other.
    """

    type: Literal["provider"] = "provider"
    provider: str
    payload: dict[str, Any]


Part = Annotated[
    TextPart
    | ImagePart
    | AudioPart
    | DocumentPart
    | RefusalPart
    | ReasoningPart
    | ToolCallPart
    | ToolResultPart
    | ProviderPart,
    Field(discriminator="type"),
]

Role = Literal["system", "developer", "user", "assistant", "tool"]


class Message(Contract):
    """One message: who speaks, and the parts of what is said. Tool results are parts of a `tool` message."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
