"""What may differ between a recorded request and ours, each with its reason. Everything else must be equal."""

import copy
import json
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def _no_empties(body: Body) -> None:
    for name in ("system", "inferenceConfig", "additionalModelRequestFields"):
        if body.get(name) in ([], {}):
            del body[name]
    for tool in body.get("toolConfig", {}).get("tools", []):
        if not tool.get("toolSpec", {}).get("description", True):
            del tool["toolSpec"]["description"]


def _no_success(body: Body) -> None:
    for turn in body["messages"]:
        for block in turn["content"]:
            if block.get("toolResult", {}).get("status") == "success" and "type" not in block["toolResult"]:
                del block["toolResult"]["status"]


def _no_empty_texts(body: Body) -> None:
    for turn in body["messages"]:
        turn["content"] = [block for block in turn["content"] if block.get("text") != ""]
        for block in turn["content"]:
            if "toolResult" in block:
                content = block["toolResult"]["content"]
                block["toolResult"]["content"] = [one for one in content if one.get("text") != ""]
    body["messages"] = [turn for turn in body["messages"] if turn["content"]]


def _results_first(body: Body) -> None:
    merged: list[Body] = []
    for turn in body["messages"]:
        if merged and merged[-1]["role"] == turn["role"]:
            merged[-1]["content"] += turn["content"]
        else:
            merged.append(turn)
    for turn in merged:
        if turn["role"] == "user":
            turn["content"].sort(key=lambda block: "toolResult" not in block)
    body["messages"] = merged


def _schema_values(body: Body) -> None:
    form = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema", {})
    if "schema" in form:
        form["schema"] = json.loads(form["schema"])


def _bare_formats(body: Body) -> None:
    for turn in body["messages"]:
        for block in turn["content"]:
            if "video" in block:
                block["video"]["format"] = block["video"]["format"].removeprefix("video/")


def _no_model(body: Body) -> None:
    body.pop("modelId", None)


LOSSES: tuple[tuple[Callable[[Body], None], str], ...] = (
    (_no_model, "the model is named in the path"),
    (_no_empties, "an empty object or list, or an empty description, says nothing"),
    (_no_success, "a result is a success unless it says otherwise"),
    (_no_empty_texts, "an empty text says nothing; the API refuses it today"),
    (_results_first, "neighbouring turns of one speaker are one turn, in which results come first"),
    (_bare_formats, "`video/mp4` was taken for `mp4`, the only one of the two that the API documents"),
    (_schema_values, "a schema is sent as a text, in which the order of names and blanks mean nothing"),
)


def normalised(body: Body) -> Body:
    """The body with all that may differ made equal."""
    same: Body = copy.deepcopy(body)
    for make_equal, _reason in LOSSES:
        make_equal(same)
    return same
