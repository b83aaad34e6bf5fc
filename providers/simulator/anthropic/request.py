"""Reading a messages request: what it asks for, and what the API would not take.

Source: docs.claude.com/en/api/messages, and error bodies recorded from the API.
"""

from hashlib import blake2b
from typing import Any

import orjson

from providers.simulator.asked import DOCUMENT_TOKENS, IMAGE_TOKENS, MESSAGE_TOKENS, Asked, OfferedTool, RejectedError
from providers.simulator.pieces import count
from providers.simulator.signatures import fits, is_ours

_LEAST_BUDGET = 1024


def read(body: dict[str, Any], *, endpoint: str = "messages") -> Asked:
    """The request in the common form. Raises `RejectedError`."""
    model, messages, limit = body.get("model"), body.get("messages"), body.get("max_tokens")
    if not isinstance(model, str) or not model:
        raise RejectedError("model: Field required")
    if not isinstance(messages, list):
        raise RejectedError("messages: Field required")
    if not messages:
        raise RejectedError("messages: at least one message is required")
    asked = Asked(endpoint, model, bool(body.get("stream")), body)
    if endpoint == "messages":
        if limit is None:
            raise RejectedError("max_tokens: Field required")
        if not isinstance(limit, int) or limit < 1:
            raise RejectedError("max_tokens: Input should be greater than or equal to 1")
        asked.max_tokens = limit
    _read_tools(asked, body)
    _read_system(asked, body.get("system"))
    _read_messages(asked, messages)
    asked.stop = tuple(body.get("stop_sequences") or ())
    for stop in asked.stop:
        if not stop.strip():
            raise RejectedError("stop_sequences: each stop sequence must contain non-whitespace")
    output = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if isinstance(output, dict) and output.get("type") == "json_schema":
        asked.output = output.get("schema") or {}
    _read_thinking(asked, body.get("thinking") or {}, limit)
    return asked


def _read_thinking(asked: Asked, thinking: dict[str, Any], limit: int | None) -> None:
    asked.reasoning = thinking.get("type") in ("enabled", "adaptive", "between_tools")
    asked.reasoning_shown = asked.reasoning and thinking.get("display") != "omitted"
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens")
        if budget is None:
            raise RejectedError("thinking.enabled.budget_tokens: Field required")
        if budget < _LEAST_BUDGET:
            raise RejectedError(
                f"thinking.enabled.budget_tokens: Input should be greater than or equal to {_LEAST_BUDGET}"
            )
        if limit is not None and limit <= budget:
            raise RejectedError("`max_tokens` must be greater than `thinking.budget_tokens`.")
        if asked.choice in ("required", "named"):
            raise RejectedError("Thinking may not be enabled when tool_choice forces tool use.")


def _mark_cache(asked: Asked, block: Any) -> None:
    """Note that the prompt is to be cached up to here."""
    control = block.get("cache_control") if isinstance(block, dict) else None
    if control:
        asked.cache_tokens = asked.input_tokens
        asked.cache_hour = control.get("ttl") == "1h"
        asked.cache_prefix = ""


def _read_system(asked: Asked, system: Any) -> None:
    if not system:
        return
    asked.input_tokens += MESSAGE_TOKENS
    for block in [{"text": system}] if isinstance(system, str) else system:
        asked.input_tokens += count(str(block.get("text", "")))
        _mark_cache(asked, block)


def _read_messages(asked: Asked, messages: list[Any]) -> None:
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("user", "assistant", "system"):
            raise RejectedError(f"messages.{number}.role: Input should be 'user', 'assistant' or 'system'")
        blocks = _blocks(message, number, last=number == len(messages) - 1)
        asked.input_tokens += MESSAGE_TOKENS
        if role == "system":
            for block in blocks:
                asked.input_tokens += count(str(block.get("text", "")))
                _mark_cache(asked, block)
            continue
        _check_results(blocks, open_calls, number)
        open_calls = []
        texts: list[str] = []
        results: list[str] = []
        for place, block in enumerate(blocks):
            _read_block(asked, block, role, f"messages.{number}.content.{place}")
            match block["type"]:
                case "text":
                    texts.append(str(block.get("text", "")))
                case "tool_use":
                    open_calls.append(str(block.get("id")))
                case "tool_result":
                    results.append(_result_text(block.get("content")))
            _mark_cache(asked, block)
        text = "".join(texts)
        asked.tool_results = tuple(results)
        asked.prefill = None
        if role == "assistant":
            asked.prefill = text if text and not open_calls else None
        elif texts:
            asked.last_user = text
    if open_calls:
        raise _unanswered(len(messages) - 1, open_calls)
    if asked.prefill is not None and asked.prefill != asked.prefill.rstrip():
        raise RejectedError("messages: final assistant content cannot end with trailing whitespace")
    if asked.cache_prefix is not None:
        asked.cache_prefix = _prefix(asked)


def _blocks(message: dict[str, Any], number: int, *, last: bool) -> list[Any]:
    """A message's content as blocks. Only an assistant message at the end may be empty."""
    content = message.get("content")
    if content is None:
        raise RejectedError(f"messages.{number}.content: Field required")
    if not content and not (last and message["role"] == "assistant"):
        raise RejectedError(
            f"messages.{number}: all messages must have non-empty content except for the optional final assistant message"
        )
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _check_results(blocks: list[Any], open_calls: list[str], number: int) -> None:
    """Every call of the message before is answered here, and nothing else is."""
    answered = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
    if missing := [call for call in open_calls if call not in answered]:
        raise _unanswered(number - 1, missing)
    if extra := [call for call in answered if call not in open_calls]:
        raise RejectedError(
            f"messages.{number}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {extra[0]}. Each "
            "`tool_result` block must have a corresponding `tool_use` block in the previous message."
        )


def _unanswered(number: int, calls: list[str]) -> RejectedError:
    return RejectedError(
        f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(calls)}. "
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )


def _read_block(asked: Asked, block: dict[str, Any], role: str, where: str) -> None:
    """Check one block of a user's or assistant's message, and count it."""
    match block.get("type"):
        case "text":
            text = str(block.get("text", ""))
            if role == "user" and not text.strip():
                raise RejectedError("messages: text content blocks must contain non-whitespace text")
            asked.input_tokens += count(text)
        case "tool_use" if role == "assistant":
            asked.input_tokens += 1 + count(orjson.dumps(block.get("input") or {}).decode())
        case "tool_result" if role == "user":
            asked.input_tokens += count(_result_text(block.get("content")))
        case "thinking" if role == "assistant":
            if not fits(block.get("signature"), str(block.get("thinking", ""))):
                raise RejectedError(f"{where}: Invalid `signature` in `thinking` block")
        case "redacted_thinking" if role == "assistant":
            if not is_ours(block.get("data")):
                raise RejectedError(f"{where}: Invalid `data` in `redacted_thinking` block")
        case "image" if role == "user":
            asked.input_tokens += IMAGE_TOKENS
        case "document" if role == "user":
            asked.input_tokens += DOCUMENT_TOKENS
        case None:
            raise RejectedError(f"{where}.type: Field required")
        case "tool_use" | "tool_result" | "image" | "document" | "thinking" | "redacted_thinking" as kind:
            raise RejectedError(f"{where}: `{kind}` blocks are not allowed in `{role}` messages")
        case _:
            asked.input_tokens += count(orjson.dumps(block).decode())


def _prefix(asked: Asked) -> str:
    """A name for the part of the prompt up to its last cache mark: the same for every request that begins alike."""
    body = asked.body
    digest = blake2b(asked.model.encode(), digest_size=16)
    digest.update(b"%d" % asked.cache_tokens)
    digest.update(orjson.dumps([body.get("tools"), body.get("system")]))
    last = 0
    for number, message in enumerate(body["messages"]):
        content = message.get("content")
        if isinstance(content, list) and any(block.get("cache_control") for block in content):
            last = number + 1
    digest.update(orjson.dumps(body["messages"][:last]))
    return digest.hexdigest()


def _result_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(block.get("text", "")) for block in content or ())


def _read_tools(asked: Asked, body: dict[str, Any]) -> None:
    for number, tool in enumerate(body.get("tools") or ()):
        if tool.get("type", "custom") != "custom":
            continue
        if not tool.get("name"):
            raise RejectedError(f"tools.{number}.custom.name: Field required")
        if not isinstance(tool.get("input_schema"), dict):
            raise RejectedError(f"tools.{number}.custom.input_schema: Field required")
        asked.tools[tool["name"]] = OfferedTool(tool["name"], tool["input_schema"])
    if body.get("tools"):
        asked.input_tokens += count(orjson.dumps(body["tools"]).decode())
        for tool in body["tools"]:
            _mark_cache(asked, tool)
    choice = body.get("tool_choice") or {}
    asked.parallel = not choice.get("disable_parallel_tool_use")
    match choice.get("type"):
        case "any":
            asked.choice = "required"
        case "none":
            asked.choice = "none"
        case "tool":
            if choice.get("name") not in asked.tools:
                raise RejectedError(f"Tool '{choice.get('name')}' not found in provided tools")
            asked.choice, asked.named = "named", (choice["name"],)
    if choice and not body.get("tools"):
        raise RejectedError("tool_choice may only be specified while providing tools.")
