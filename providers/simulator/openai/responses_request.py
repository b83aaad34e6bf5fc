"""Reading a responses request: what it asks for, and what the API would not take.

Source: platform.openai.com/docs/api-reference/responses/create.
"""

from typing import Any

import orjson

from providers.simulator.asked import DOCUMENT_TOKENS, IMAGE_TOKENS, MESSAGE_TOKENS, Asked, OfferedTool, RejectedError
from providers.simulator.pieces import count
from providers.simulator.signatures import is_ours

_CALLS = ("function_call", "custom_tool_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")


def read(body: dict[str, Any]) -> Asked:
    """The request in the common form. Raises `RejectedError`."""
    model, given = body.get("model"), body.get("input")
    if not isinstance(model, str) or not model:
        raise _missing("model")
    if given is None or given == "" or given == []:
        raise _missing("input")
    if previous := body.get("previous_response_id"):
        raise RejectedError(
            f"Previous response with id '{previous}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    asked = Asked("responses", model, bool(body.get("stream")), body)
    asked.input_tokens = (
        count(body["instructions"]) + MESSAGE_TOKENS if isinstance(body.get("instructions"), str) else 0
    )
    _read_items(asked, [{"role": "user", "content": given}] if isinstance(given, str) else given)
    _read_tools(asked, body)
    match (body.get("text") or {}).get("format"):
        case {"type": "json_object"}:
            asked.output = {}
        case {"type": "json_schema", "schema": dict(schema)}:
            asked.output = schema
    asked.max_tokens = body.get("max_output_tokens")
    if asked.max_tokens is not None and asked.max_tokens < 16:
        message = (
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got "
            f"{asked.max_tokens} instead."
        )
        raise RejectedError(message, param="max_output_tokens", code="integer_below_min_value")
    reasoning = body.get("reasoning") or {}
    asked.reasoning = reasoning.get("effort") not in (None, "none") or reasoning.get("summary") is not None
    asked.reasoning_shown = reasoning.get("summary") is not None
    asked.parallel = body.get("parallel_tool_calls") is not False
    return asked


def _missing(name: str) -> RejectedError:
    return RejectedError(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def _read_items(asked: Asked, items: list[Any]) -> None:
    open_calls: set[str] = set()
    known_calls: set[str] = set()
    results: list[str] = []
    lonely: str | None = None
    for number, item in enumerate(items):
        kind = item.get("type") or ("message" if "role" in item else None)
        if kind != "reasoning" and lonely is not None:
            if kind not in ("message", *_CALLS) or item.get("role", "assistant") != "assistant":
                raise _without_following(lonely)
            lonely = None
        if kind in _RESULTS:
            call = item.get("call_id")
            if call not in known_calls:
                raise RejectedError(
                    f"No tool call found for {kind.removesuffix('_output')} output with call_id {call}.", param="input"
                )
            open_calls.discard(call)
            text, extra = _content(item.get("output"), f"input[{number}].output")
            results.append(text)
            asked.input_tokens += count(text) + extra + MESSAGE_TOKENS
            continue
        if kind in _CALLS:
            results.clear()
            open_calls.add(item["call_id"])
            known_calls.add(item["call_id"])
            asked.input_tokens += count(str(item.get("arguments", item.get("input", "")))) + 1
            asked.prefill = None
            continue
        if kind == "reasoning":
            lonely = str(item.get("id"))
            if item.get("encrypted_content") and not is_ours(item["encrypted_content"]):
                raise RejectedError(
                    f"The encrypted content for item {lonely} could not be verified. Reason: Encrypted content could not "
                    "be decrypted.",
                    code="invalid_encrypted_content",
                )
            continue
        if kind != "message":
            asked.input_tokens += count(orjson.dumps(item).decode())
            continue
        _read_message(asked, item, number)
        results.clear()
    if lonely is not None:
        raise _without_following(lonely)
    if open_calls:
        raise RejectedError(f"No tool output found for function call {sorted(open_calls)[0]}.", param="input")
    asked.tool_results = tuple(results)


def _without_following(item: str) -> RejectedError:
    return RejectedError(
        f"Item '{item}' of type 'reasoning' was provided without its required following item.", param="input"
    )


def _read_message(asked: Asked, item: dict[str, Any], number: int) -> None:
    role = item.get("role")
    if role not in ("user", "assistant", "system", "developer"):
        raise RejectedError(
            f"Invalid value: '{role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
            param=f"input[{number}].role",
            code="invalid_value",
        )
    text, extra = _content(item.get("content"), f"input[{number}].content")
    asked.input_tokens += count(text) + extra + MESSAGE_TOKENS
    asked.prefill = text or None if role == "assistant" else None
    if role == "user":
        asked.last_user = text


def _content(content: Any, where: str) -> tuple[str, int]:
    if isinstance(content, str) or content is None:
        return content or "", 0
    texts: list[str] = []
    extra = 0
    for number, part in enumerate(content):
        match part.get("type"):
            case "input_text" | "output_text":
                texts.append(str(part.get("text", "")))
            case "refusal":
                texts.append(str(part.get("refusal", "")))
            case "input_image" if part.get("image_url") or part.get("file_id"):
                extra += IMAGE_TOKENS
            case "input_file" | "input_audio":
                extra += DOCUMENT_TOKENS
            case kind:
                raise RejectedError(
                    f"Invalid value: '{kind}'. Supported values are: 'input_text', 'input_image', 'output_text', 'refusal', "
                    "and 'input_file'.",
                    param=f"{where}[{number}].type",
                    code="invalid_value",
                )
    return "".join(texts), extra


def _read_tools(asked: Asked, body: dict[str, Any]) -> None:
    for number, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") in ("function", "custom"):
            if not tool.get("name"):
                raise _missing(f"tools[{number}].name")
            custom = tool["type"] == "custom"
            asked.tools[tool["name"]] = OfferedTool(tool["name"], tool.get("parameters") or {}, custom=custom)
    if body.get("tools"):
        asked.input_tokens += count(orjson.dumps(body["tools"]).decode())
    match body.get("tool_choice"):
        case "none" | "auto" | "required" as choice:
            asked.choice = choice
        case {"type": "function" | "custom", "name": str(name)}:
            if name not in asked.tools:
                raise RejectedError("Tool choice 'function' not found in 'tools' parameter.", param="tool_choice")
            asked.choice, asked.named = "named", (name,)
        case {"type": "allowed_tools", "mode": mode, "tools": allowed}:
            names = [tool.get("name") for tool in allowed]
            asked.tools = {name: tool for name, tool in asked.tools.items() if name in names}
            asked.choice = "required" if mode == "required" else "auto"
    if asked.choice == "required" and not asked.tools and not body.get("tools"):
        raise RejectedError("Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice")
