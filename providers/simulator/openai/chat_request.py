"""Reading a chat completions request: what it asks for, and what the API would not take.

Source: platform.openai.com/docs/api-reference/chat/create.
"""

from typing import Any

import orjson

from providers.simulator.asked import DOCUMENT_TOKENS, IMAGE_TOKENS, MESSAGE_TOKENS, Asked, OfferedTool, RejectedError
from providers.simulator.pieces import count

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def read(body: dict[str, Any]) -> Asked:
    """The request in the common form. Raises `RejectedError`."""
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not model:
        raise RejectedError("you must provide a model parameter")
    if not isinstance(messages, list):
        raise _missing("messages")
    if not messages:
        raise RejectedError(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param="messages",
            code="empty_array",
        )
    if body.get("n") not in (None, 1):
        raise RejectedError("The simulator gives one choice: 'n' must be 1.", param="n", code="unsupported_value")
    asked = Asked("chat.completions", model, bool(body.get("stream")), body)
    _read_messages(asked, messages)
    _read_tools(asked, body)
    _read_output(asked, body.get("response_format"))
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        message = f"Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got {limit} instead."
        raise RejectedError(message, param="max_tokens", code="integer_below_min_value")
    asked.max_tokens = limit
    stop = body.get("stop")
    asked.stop = (stop,) if isinstance(stop, str) else tuple(stop or ())
    asked.reasoning = body.get("reasoning_effort") not in (None, "none")
    asked.parallel = body.get("parallel_tool_calls") is not False
    return asked


def _missing(name: str) -> RejectedError:
    return RejectedError(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def _read_messages(asked: Asked, messages: list[Any]) -> None:
    open_calls: set[str] = set()
    results: list[str] = []
    tokens = 0
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        role = message.get("role") if isinstance(message, dict) else None
        if role not in _ROLES:
            raise RejectedError(
                f"Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', "
                "and 'developer'.",
                param=f"{where}.role",
                code="invalid_value",
            )
        text, extra = _content(message.get("content"), where)
        tokens += count(text) + extra + MESSAGE_TOKENS
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise RejectedError(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                    param=f"{where}.role",
                )
            open_calls.discard(message["tool_call_id"])
            results.append(text)
            continue
        if open_calls:
            raise RejectedError(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
                f"The following tool_call_ids did not have response messages: {', '.join(sorted(open_calls))}",
                param=where,
            )
        results.clear()
        asked.prefill = None
        if role == "user":
            asked.last_user = text
        elif role == "assistant":
            calls = message.get("tool_calls") or []
            for call in calls:
                open_calls.add(call.get("id"))
                inner = call.get("function") or call.get("custom") or {}
                tokens += 1 + count(str(inner.get("arguments", inner.get("input", ""))))
            if message.get("content") is None and not calls and message.get("refusal") is None:
                raise RejectedError(
                    "Invalid value for 'content': expected a string, got null.", param=f"{where}.content", code=None
                )
            asked.prefill = text if not calls and text else None
    if open_calls:
        raise RejectedError(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
            f"The following tool_call_ids did not have response messages: {', '.join(sorted(open_calls))}",
            param="messages",
        )
    asked.tool_results = tuple(results)
    asked.input_tokens = tokens


def _content(content: Any, where: str) -> tuple[str, int]:
    """The text of a message's content, and the tokens of what is not text."""
    if content is None:
        return "", 0
    if isinstance(content, str):
        return content, 0
    if not isinstance(content, list):
        raise RejectedError(
            "Invalid type for content: expected one of a string or array of objects.",
            param=f"{where}.content",
            code="invalid_type",
        )
    texts: list[str] = []
    extra = 0
    for number, part in enumerate(content):
        match part.get("type") if isinstance(part, dict) else None:
            case "text":
                texts.append(str(part.get("text", "")))
            case "refusal":
                texts.append(str(part.get("refusal", "")))
            case "image_url" if isinstance(part.get("image_url"), dict) and part["image_url"].get("url"):
                extra += IMAGE_TOKENS
            case "input_audio" | "file":
                extra += DOCUMENT_TOKENS
            case kind:
                raise RejectedError(
                    f"Invalid value: '{kind}'. Supported values are: 'text', 'image_url', 'input_audio', 'refusal', and 'file'.",
                    param=f"{where}.content[{number}].type",
                    code="invalid_value",
                )
    return "".join(texts), extra


def _read_tools(asked: Asked, body: dict[str, Any]) -> None:
    for number, tool in enumerate(body.get("tools") or ()):
        match tool.get("type"):
            case "function" if isinstance(tool.get("function"), dict) and tool["function"].get("name"):
                name = tool["function"]["name"]
                asked.tools[name] = OfferedTool(name, tool["function"].get("parameters") or {})
            case "custom" if isinstance(tool.get("custom"), dict) and tool["custom"].get("name"):
                asked.tools[tool["custom"]["name"]] = OfferedTool(tool["custom"]["name"], {}, custom=True)
            case _:
                raise _missing(f"tools[{number}].function")
    if body.get("tools"):
        asked.input_tokens += count(orjson.dumps(body["tools"]).decode())
    choice = body.get("tool_choice")
    if choice is not None and not asked.tools and choice not in ("none", "auto"):
        raise RejectedError(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
            param="tool_choice",
        )
    match choice:
        case "none" | "auto" | "required":
            asked.choice = choice
        case {"type": "function", "function": {"name": str(name)}} | {"type": "custom", "custom": {"name": str(name)}}:
            asked.choice, asked.named = "named", (name,)
        case {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": allowed}}:
            names = tuple((tool.get("function") or tool.get("custom") or tool).get("name", "") for tool in allowed)
            asked.tools = {name: tool for name, tool in asked.tools.items() if name in names}
            asked.choice = "required" if mode == "required" else "auto"
    for name in asked.named:
        if name not in asked.tools:
            raise RejectedError(f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")


def _read_output(asked: Asked, wanted: Any) -> None:
    match wanted:
        case {"type": "json_object"}:
            if "json" not in orjson.dumps(asked.body["messages"]).decode().lower():
                raise RejectedError(
                    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
                    param="messages",
                )
            asked.output = {}
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            asked.output = schema
        case {"type": "json_schema"}:
            raise _missing("response_format.json_schema.schema")
