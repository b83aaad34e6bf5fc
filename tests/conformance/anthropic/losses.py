"""What may differ between a recorded request and ours, each with its reason. Everything else must be equal."""

import copy
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def _no_stream(body: Body) -> None:
    body.pop("stream", None)


def _lists_of_blocks(body: Body) -> None:
    for turn in body["messages"]:
        turn["content"] = _as_blocks(turn["content"])
        for block in turn["content"]:
            if block.get("type") == "tool_result" and "content" in block:
                block["content"] = _as_blocks(block["content"])
    if "system" in body:
        body["system"] = _as_blocks(body["system"])


def _as_blocks(content: Any) -> list[Body]:
    items = [content] if isinstance(content, str) else content or []
    return [{"type": "text", "text": item} if isinstance(item, str) else item for item in items]


def _no_defaults(body: Body) -> None:
    for turn in body["messages"]:
        for block in turn["content"]:
            if block.get("type") == "tool_result" and not block.get("is_error"):
                block.pop("is_error", None)
    for tool in body.get("tools", []):
        if tool.get("type") == "custom":
            del tool["type"]
    choice = body.get("tool_choice") or {}
    if choice.get("disable_parallel_tool_use") is False:
        del choice["disable_parallel_tool_use"]


def _no_nulls(body: Body) -> None:
    for holder in (body, *body.get("tools", []), *(block for turn in body["messages"] for block in turn["content"])):
        for name in [name for name, value in holder.items() if value is None]:
            del holder[name]


def _no_empty_lists(body: Body) -> None:
    for name in ("tools", "system", "stop_sequences"):
        if not body.get(name, True):
            del body[name]
    for turn in body["messages"]:
        for block in turn["content"]:
            for name in ("content", "citations"):
                if block.get("type") in ("tool_result", "text") and block.get(name) == []:
                    del block[name]


def _no_blank_texts(body: Body) -> None:
    for turn in body["messages"]:
        said = [block for block in turn["content"] if block.get("type") != "text" or block["text"].strip()]
        turn["content"] = said or turn["content"]
        for block in turn["content"]:
            if block.get("type") == "tool_result":
                kept = [one for one in block.get("content", []) if one.get("type") != "text" or one["text"]]
                block["content"] = kept


def _merged_turns(body: Body) -> None:
    merged: list[Body] = []
    for turn in body["messages"]:
        if merged and merged[-1]["role"] == turn["role"]:
            merged[-1]["content"] += turn["content"]
        elif turn["content"]:
            merged.append({"role": turn["role"], "content": turn["content"]})
    for turn in merged:
        turn["content"].sort(key=lambda block: block.get("type") != "tool_result")
    body["messages"] = merged


def _one_name_of_format(body: Body) -> None:
    if "output_format" in body:
        body["output_config"] = {**body.get("output_config", {}), "format": body.pop("output_format")}


def _shown_thoughts(body: Body) -> None:
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "adaptive" and thinking.get("display") == "summarized":
        del thinking["display"]


def _trimmed_end(body: Body) -> None:
    last = body["messages"][-1]
    if last["role"] == "assistant" and last["content"][-1].get("type") == "text":
        last["content"][-1]["text"] = last["content"][-1]["text"].rstrip()


LOSSES: tuple[tuple[Callable[[Body], None], str], ...] = (
    (_no_stream, "streaming is the adapter's matter, which always streams"),
    (
        _lists_of_blocks,
        "a text alone is the same as a list of one text block, in a turn, a result or the system prompt",
    ),
    (_no_nulls, "null is the same as absent"),
    (_no_defaults, "a result is no error, a tool is custom, and calls may be in parallel unless said otherwise"),
    (_no_blank_texts, "a blank text says nothing; the API refuses it today"),
    (_no_empty_lists, "an empty list is none"),
    (_merged_turns, "neighbouring turns of one speaker are one turn to the API, in which results come first"),
    (_one_name_of_format, "`output_format` is the beta's name of `output_config.format`"),
    (_shown_thoughts, "we ask to see thoughts whenever reasoning is asked for, and elder models show them anyway"),
    (_trimmed_end, "white space at the end of an assistant's last words is refused today"),
)


def normalised(body: Body) -> Body:
    """The body with all that may differ made equal."""
    same: Body = copy.deepcopy(body)
    for make_equal, _reason in LOSSES:
        make_equal(same)
    return same
