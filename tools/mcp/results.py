"""From an MCP result to what a tool says."""

from typing import TYPE_CHECKING, Any

from contracts.parts import AudioPart, BytesSource, ImagePart, ResultPart
from contracts.tools import ToolError
from tools.http.credentials import Hider
from tools.protocol import ToolOutput

if TYPE_CHECKING:
    from mcp_types import CallToolResult

_ERROR_CHARS = 4_000


def output_of(result: "CallToolResult", hider: Hider) -> ToolOutput:
    """Text joined, images and sound beside it, links named. Raises `ToolError` for what the server calls an error."""
    said = [block for block in (_said(block) for block in result.content) if block]
    text = hider.text("\n".join(said))
    if result.is_error:
        raise ToolError(text[:_ERROR_CHARS] or "The MCP tool failed without a word.")
    media = tuple(part for block in result.content if (part := _media(block)) is not None)
    data = hider.data(result.structured_content) if result.structured_content is not None else text
    return ToolOutput(data=data, text=text if said or media else None, media=media)


def _said(block: Any) -> str:
    from mcp_types import EmbeddedResource, ResourceLink, TextContent, TextResourceContents

    match block:
        case TextContent():
            return block.text
        case EmbeddedResource(resource=TextResourceContents() as inner):
            return f"[{inner.uri}]\n{inner.text}"
        case EmbeddedResource(resource=inner):
            return f"[{inner.uri}: {inner.mime_type or 'bytes'}, not shown]"
        case ResourceLink():
            return f"[{block.name}: {block.uri}]"
        case _:
            return ""


def _media(block: Any) -> ResultPart | None:
    from mcp_types import AudioContent, ImageContent

    match block:
        case ImageContent():
            return ImagePart(source=BytesSource(media_type=block.mime_type, content=block.data))
        case AudioContent():
            return AudioPart(source=BytesSource(media_type=block.mime_type, content=block.data))
        case _:
            return None
