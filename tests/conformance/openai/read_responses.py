"""A recorded responses request as our words."""

from typing import Any, get_args

from contracts.models import ModelRef
from contracts.parts import (
    CacheHint,
    Citation,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import (
    FunctionTool,
    JsonObjectOutput,
    JsonSchemaOutput,
    Knobs,
    ModelRequest,
    NamedTool,
    OutputFormat,
    ProviderTool,
    ReasoningEffort,
    Tool,
    ToolChoice,
)
from tests.conformance.openai.read_chat import OPENAI, read_url

_KNOBS = ("max_output_tokens", "temperature", "top_p", "top_logprobs", "parallel_tool_calls", "service_tier", "user")
_ANSWERED = ("model", "input", "instructions", "stream", "tools")
_FUNCTION = {"type", "name", "description", "parameters", "strict"}
_CALLS = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}


def read_responses_request(body: dict[str, Any]) -> ModelRequest:
    """`body` in our words; fields that have no word of ours go through `provider_options`."""
    rest = {name: value for name, value in body.items() if name not in _ANSWERED and value is not None}
    knobs: dict[str, Any] = {name: rest.pop(name) for name in _KNOBS if name in rest}
    reasoning = dict(rest.pop("reasoning", {}))
    if reasoning.get("effort") in get_args(ReasoningEffort):
        knobs["reasoning_effort"] = reasoning.pop("effort")
    text = dict(rest.pop("text", {}))
    if "verbosity" in text:
        knobs["verbosity"] = text.pop("verbosity")
    output = _output(text)
    for name, value in (("reasoning", reasoning), ("text", text)):
        if value:
            rest[name] = value
    choice = _choice(rest.get("tool_choice"))
    if choice is not None:
        del rest["tool_choice"]
    instructions = body.get("instructions")
    head = [Message(role="system", parts=(TextPart(text=instructions),))] if instructions else []
    asked = body["input"]
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    return ModelRequest(
        model=ModelRef(provider=OPENAI, model=body["model"]),
        messages=(*head, *(_item(item) for item in items)),
        tools=tuple(_tool(tool) for tool in body.get("tools") or ()),
        tool_choice=choice,
        output=output,
        knobs=Knobs(**knobs),
        provider_options={OPENAI: rest} if rest else {},
    )


def _item(item: dict[str, Any]) -> Message:
    kind = item.get("type", "message")
    if kind == "message":
        marks = {"provider": OPENAI, "id": item.get("id"), "phase": item.get("phase")}
        parts = _contents(item["content"], marks if item["role"] == "assistant" else {})
        return Message(role=item["role"], parts=tuple(parts))
    if kind == "reasoning":
        summaries = tuple(one["text"] for one in item["summary"])
        shown = "".join(one["text"] for one in item.get("content") or ())
        thought = ReasoningPart(
            text=shown or "\n\n".join(summaries),
            redacted=item.get("encrypted_content"),
            provider=OPENAI,
            id=item["id"],
            summaries=summaries,
        )
        return Message(role="assistant", parts=(thought,))
    if kind in _CALLS:
        ours, said = _CALLS[kind]
        call = ToolCallPart.model_validate(
            {
                "id": item["call_id"],
                "name": item["name"],
                "arguments": item[said],
                "kind": ours,
                "provider": OPENAI,
                "item_id": item.get("id"),
                "namespace": item.get("namespace"),
            }
        )
        return Message(role="assistant", parts=(call,))
    if kind in ("function_call_output", "custom_tool_call_output"):
        contents = [part.model_dump() for part in _contents(item["output"], {})]
        ours = "custom" if kind.startswith("custom") else "function"
        result = ToolResultPart.model_validate({"call_id": item["call_id"], "content": contents, "kind": ours})
        return Message(role="tool", parts=(result,))
    role: Role = item.get("role", "assistant")
    return Message(role=role, parts=(ProviderPart(provider=OPENAI, payload=item),))


def _contents(content: Any, marks: dict[str, Any]) -> list[Part]:
    if isinstance(content, str):
        return [TextPart(text=content, **marks)]
    return [_content(one, marks) for one in content]


def _content(one: dict[str, Any], marks: dict[str, Any]) -> Part:
    match one["type"]:
        case "input_text":
            return TextPart(text=one["text"], cache=CacheHint() if "prompt_cache_breakpoint" in one else None)
        case "output_text":
            citations = tuple(Citation(provider=OPENAI, raw=raw) for raw in one.get("annotations") or ())
            return TextPart(text=one["text"], citations=citations, **marks)
        case "refusal":
            return RefusalPart(text=one["refusal"])
        case "input_image":
            source = FileSource(file_id=one["file_id"]) if one.get("file_id") else read_url(one["image_url"])
            return ImagePart(source=source, detail=one.get("detail"))
        case "input_file" if one.get("file_id"):
            return DocumentPart(source=FileSource(file_id=one["file_id"]))
        case "input_file" if one.get("file_url"):
            return DocumentPart(source=UrlSource(url=one["file_url"]), name=one.get("filename"))
        case "input_file":
            return DocumentPart(source=read_url(one["file_data"]), name=one.get("filename"))
        case kind:
            raise AssertionError(f"a content of type {kind!r} has no word of ours")


def _tool(tool: dict[str, Any]) -> Tool:
    # A function with further marks (`defer_loading`) is OpenAI's own kind of tool.
    if tool["type"] != "function" or tool.keys() - _FUNCTION:
        return ProviderTool(provider=OPENAI, payload=tool)
    return FunctionTool(
        name=tool["name"],
        description=tool.get("description"),
        parameters=tool["parameters"],
        strict=tool.get("strict"),
    )


def _output(text: dict[str, Any]) -> OutputFormat | None:
    """The format, which is taken out of `text` where it has a word of ours."""
    match text.get("format"):
        case {"type": "json_object"}:
            del text["format"]
            return JsonObjectOutput()
        case {"type": "json_schema", "name": name, **form}:
            del text["format"]
            return JsonSchemaOutput(
                name=name,
                description=form.get("description"),
                definition=form.get("schema"),
                strict=form.get("strict"),
            )
        case _:
            return None


def _choice(choice: Any) -> ToolChoice | None:
    match choice:
        case "auto" | "none" | "required":
            word: ToolChoice = choice
            return word
        case {"type": "function" | "custom", "name": name}:
            return NamedTool(name=name)
        case _:
            return None
