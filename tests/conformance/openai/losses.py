"""What a request may lose or gain on its way through our words, each with its reason."""

from typing import Any

LOSSES: dict[str, str] = {
    "stream, stream_options": "the adapter always streams, and always asks for usage",
    "n": "one answer is asked for; `n` of 1 is what is meant without it",
    "store": "nothing is stored at the vendor unless the request says so",
    "include reasoning.encrypted_content": "what is not stored has to come back encrypted",
    "a field that is null": "null is what is meant without the field",
    "max_tokens": "the old name of max_completion_tokens, which OpenAI calls deprecated",
    "content": "a string, or a list of one plain text: the wire takes them for the same; so with `input`",
    "instructions": "the same as a first system message (the API's own words)",
    "assistant content": "null, empty or absent beside tool calls or a refusal",
    "annotations": "an empty list; in chat, the sources that an assistant's message named: that wire takes none back",
    "status": "of an item that goes back: the API sets and ignores it",
    "type: message": "is what is meant without a type",
    "detail": "`auto` is what is meant without it",
    "stop": "a string, or a list of one",
    "tool_choice": "without tools: chat refuses it",
}
"""Every difference that `normalised` takes away, and why it is none."""

_DROPPED = ("stream", "stream_options")
_OPAQUE = ("parameters", "schema", "payload", "metadata")


def normalised(body: dict[str, Any]) -> dict[str, Any]:
    """The body without the declared differences."""
    wanted = {name: value for name, value in body.items() if name not in _DROPPED and value is not None}
    for name, meant in (("store", False), ("n", 1)):
        if wanted.get(name) == meant:
            del wanted[name]
    if isinstance(wanted.get("stop"), str):
        wanted["stop"] = [wanted["stop"]]
    if "max_tokens" in wanted and "messages" in wanted:
        wanted["max_completion_tokens"] = wanted.pop("max_tokens")
    if not wanted.get("tools"):
        wanted.pop("tools", None)
        if "messages" in wanted:
            wanted.pop("tool_choice", None)
    include = [one for one in wanted.pop("include", ()) if one != "reasoning.encrypted_content"]
    if include:
        wanted["include"] = include
    if "messages" in wanted:
        wanted["messages"] = [_chat_message(message) for message in wanted["messages"]]
    if "input" in wanted:
        asked = wanted["input"]
        items = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
        if instructions := wanted.pop("instructions", None):
            items = [{"role": "system", "content": instructions}, *items]
        wanted["input"] = [_item(item) for item in items]
    for name in ("tools", "response_format", "text"):
        if name in wanted:
            wanted[name] = _without_nulls(wanted[name])
    return wanted


def _chat_message(message: dict[str, Any]) -> dict[str, Any]:
    kept = _without_nulls({name: value for name, value in message.items() if name != "annotations"})
    kept["content"] = _content(kept.get("content"), "text")
    if not kept["content"] and message["role"] == "assistant":
        del kept["content"]
    return dict(kept)


def _item(item: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if value is not None}
    if kept.get("type") in ("message", "function_call", "custom_tool_call"):
        kept.pop("status", None)
    if kept.get("type") == "message":
        del kept["type"]
    for name in ("content", "output"):
        if name in kept and kept.get("type") not in ("reasoning", "mcp_call", "code_interpreter_call"):
            said = name == "content" and item.get("role") == "assistant"
            kept[name] = _content(kept[name], "output_text" if said else "input_text")
    return kept


def _content(content: Any, plain: str) -> Any:
    """A list of contents; a string is one text of the type `plain`."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [{"type": plain, "text": content}]
    return [_one(one) for one in content]


def _one(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    kept = {name: value for name, value in one.items() if value is not None}
    if not kept.get("annotations"):
        kept.pop("annotations", None)
    if kept.get("type") == "input_image" and kept.get("detail") == "auto":
        del kept["detail"]
    return kept


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: one if name in _OPAQUE else _without_nulls(one) for name, one in value.items() if one is not None}
