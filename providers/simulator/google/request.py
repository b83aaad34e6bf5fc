"""Reading a generateContent request: what it asks for, and what the API would not take.

Source: ai.google.dev/api/generate-content. Names may come in camelCase or snake_case, as protobuf's JSON allows.
"""

from typing import Any

import orjson

from providers.simulator.asked import DOCUMENT_TOKENS, IMAGE_TOKENS, MESSAGE_TOKENS, Asked, OfferedTool, RejectedError
from providers.simulator.pieces import count


def pick(fields: Any, camel: str) -> Any:
    """A field by its camelCase name, or by its snake_case one."""
    if not isinstance(fields, dict):
        return None
    if camel in fields:
        return fields[camel]
    return fields.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel))


def read(body: dict[str, Any], *, model: str, stream: bool, endpoint: str = "generateContent") -> Asked:
    """The request in the common form. Raises `RejectedError`."""
    contents = body.get("contents")
    if not contents:
        raise RejectedError("* GenerateContentRequest.contents: contents is not specified\n")
    asked = Asked(endpoint, model, stream, body)
    system = pick(body, "systemInstruction")
    if system:
        asked.input_tokens += MESSAGE_TOKENS + sum(
            count(str(part.get("text", ""))) for part in system.get("parts") or ()
        )
    _read_contents(asked, contents)
    _read_tools(asked, body)
    config = pick(body, "generationConfig") or {}
    asked.max_tokens = pick(config, "maxOutputTokens")
    if asked.max_tokens is not None and asked.max_tokens < 1:
        raise RejectedError(f"max_output_tokens must be positive, but got {asked.max_tokens}")
    asked.stop = tuple(pick(config, "stopSequences") or ())
    if pick(config, "responseMimeType") == "application/json":
        asked.output = pick(config, "responseJsonSchema") or pick(config, "responseSchema") or {}
    thinking = pick(config, "thinkingConfig") or {}
    asked.reasoning_shown = bool(pick(thinking, "includeThoughts"))
    budget, level = pick(thinking, "thinkingBudget"), pick(thinking, "thinkingLevel")
    asked.reasoning = budget not in (None, 0) or level is not None or (asked.reasoning_shown and budget != 0)
    return asked


def _read_contents(asked: Asked, contents: list[Any]) -> None:
    calls = 0
    for number, content in enumerate(contents):
        role = content.get("role") or "user"
        if role not in ("user", "model", "function"):
            raise RejectedError("Please use a valid role: user, model.")
        parts = content.get("parts")
        if not parts:
            raise RejectedError(
                f"* GenerateContentRequest.contents[{number}].parts: contents.parts must not be empty.\n"
            )
        texts: list[str] = []
        results: list[str] = []
        wanted, calls = calls, 0
        asked.input_tokens += MESSAGE_TOKENS
        for part in parts:
            if "text" in part:
                asked.input_tokens += count(part["text"])
                if not part.get("thought"):
                    texts.append(part["text"])
            elif call := pick(part, "functionCall"):
                calls += 1
                asked.input_tokens += 1 + count(orjson.dumps(call.get("args") or {}).decode())
            elif response := pick(part, "functionResponse"):
                results.append(_result_text(response.get("response")))
                asked.input_tokens += count(results[-1])
            elif blob := pick(part, "inlineData") or pick(part, "fileData"):
                image = str(pick(blob, "mimeType")).startswith("image/")
                asked.input_tokens += IMAGE_TOKENS if image else DOCUMENT_TOKENS
            elif not part or set(part) <= {"thoughtSignature", "thought_signature", "thought"}:
                if not part:
                    raise RejectedError(
                        f"* GenerateContentRequest.contents[{number}].parts[0].data: required oneof field 'data' must have one "
                        "initialized field\n"
                    )
            else:
                asked.input_tokens += count(orjson.dumps(part).decode())
        if wanted and len(results) != wanted:
            raise RejectedError(
                "Please ensure that the number of function response parts is equal to the number of function call parts of the "
                "function call turn."
            )
        if results and not wanted:
            raise RejectedError(
                "Please ensure that function response turn comes immediately after a function call turn."
            )
        text = "".join(texts)
        asked.tool_results = tuple(results)
        asked.prefill = None
        if role == "model":
            asked.prefill = text or None
        elif texts:
            asked.last_user = text
    if calls:
        raise RejectedError("Please ensure that multiturn requests ends with a user role or a function response.")


def _result_text(response: Any) -> str:
    """A result's text: the one value of an object that has one, or the whole as JSON."""
    if isinstance(response, dict) and len(response) == 1:
        (only,) = response.values()
        return only if isinstance(only, str) else orjson.dumps(only).decode()
    return orjson.dumps(response).decode()


def _read_tools(asked: Asked, body: dict[str, Any]) -> None:
    tools = body.get("tools") or ()
    for tool in tools:
        for declared in pick(tool, "functionDeclarations") or ():
            schema = pick(declared, "parametersJsonSchema") or declared.get("parameters") or {}
            asked.tools[declared["name"]] = OfferedTool(declared["name"], schema)
    if tools:
        asked.input_tokens += count(orjson.dumps(tools).decode())
    calling = pick(pick(body, "toolConfig") or {}, "functionCallingConfig") or {}
    allowed = tuple(pick(calling, "allowedFunctionNames") or ())
    match str(calling.get("mode", "AUTO")).upper():
        case "ANY" if allowed:
            asked.choice, asked.named = "named", allowed
        case "ANY":
            asked.choice = "required"
        case "NONE":
            asked.choice = "none"
    for name in allowed:
        if name not in asked.tools:
            raise RejectedError(f"allowed_function_names contains a function that is not declared: {name}")
