"""Which of OpenAI's two wires carries a request."""

from typing import Literal

from contracts.parts import (
    AudioPart,
    DocumentPart,
    FileSource,
    ImagePart,
    ProviderPart,
    ReasoningPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import ModelRequest, ProviderTool
from providers.openai.chat_messages import REASONING_FIELDS
from providers.openai.families import family_of
from providers.openai.provenance import is_ours

Path = Literal["chat", "responses"]


def choose_wire(request: ModelRequest, provider: str) -> Path:
    """`responses` for what only it carries, `chat` for what only it knows; else responses for models that think.

    Thought goes back to a model over responses alone; custom tools go over both.
    """
    if _needs_responses(request, provider):
        return "responses"
    if _needs_chat(request):
        return "chat"
    return "responses" if family_of(request.model.model).reasons else "chat"


def _needs_responses(request: ModelRequest, provider: str) -> bool:
    for tool in request.tools:
        if isinstance(tool, ProviderTool) and is_ours(tool.provider, provider) and "custom" not in tool.payload:
            return True
    for message in request.messages:
        for part in message.parts:
            match part:
                case ProviderPart(provider=owner) if is_ours(owner, provider):
                    return True
                case ReasoningPart(provider=owner, id=str() as own) if is_ours(owner, provider):
                    if own not in REASONING_FIELDS:
                        return True
                case ImagePart(source=FileSource()) | DocumentPart(source=UrlSource()):
                    return True
                case ToolResultPart(content=content) if any(
                    isinstance(one, ImagePart | DocumentPart) for one in content
                ):
                    return True
                case _:
                    pass
    return False


def _needs_chat(request: ModelRequest) -> bool:
    knobs = request.knobs
    if request.prefill is not None or knobs.stop:
        return True
    only_chat = (knobs.seed, knobs.logit_bias, knobs.presence_penalty, knobs.frequency_penalty)
    if any(knob is not None for knob in only_chat):
        return True
    return any(isinstance(part, AudioPart) for message in request.messages for part in message.parts)
