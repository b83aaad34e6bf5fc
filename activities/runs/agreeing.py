"""Tools whose calls a person has to agree to, before they are made."""

from collections.abc import Sequence
from typing import Any

import orjson

from activities.runs.present import Present
from contracts.parts import TextPart, ToolResultPart
from contracts.run_activities import Await
from contracts.tools import ToolOutcome


async def agreed(present: Present, keys: Sequence[str]) -> Await | None:
    """Wait until somebody has decided on those of the calls that need it; None where nothing is open any more.

    Calls that were rejected have their result then: that they were.
    """
    calls: dict[str, Any] = present.progress["calls"]
    careful = {one.name for one in present.world.tools.definitions() if one.effects.approval}
    asked = [key for key in keys if calls[key]["name"] in careful and "agreed" not in calls[key]]
    row = present.row
    if not asked:
        return None
    if row.awaits is None:
        shown = [{"tool": calls[key]["name"], "arguments": _arguments(calls[key]["arguments"])} for key in asked]
        stored = await present.put({"show": {"calls": shown}, "value": None}, "The calls")
        row.awaits, row.state = {"what": "approval", "who": [], "asked": stored.hex()}, "waiting"
        await present.tell()
    if row.decision is None:
        return Await()
    for key in asked:
        calls[key]["agreed"] = row.decision["approved"]
        if not row.decision["approved"]:
            await _reject(present, calls[key], row.decision["comment"])
    row.awaits, row.decision, row.state = None, None, "running"
    await present.tell()
    return None


async def _reject(present: Present, call: dict[str, Any], comment: str | None) -> None:
    said = "A person rejected this call." + (f" They said: {comment}" if comment else "")
    part = ToolResultPart(call_id=call["id"], name=call["name"], content=(TextPart(text=said),), is_error=True)
    stored = await present.put(said, "The answer")
    call |= {
        "outcome": ToolOutcome.FAILED.value,
        "result": stored.hex(),
        "part": part.model_dump(mode="json", exclude_none=True),
    }


def _arguments(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return text
