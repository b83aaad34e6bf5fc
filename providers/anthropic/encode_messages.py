"""Our messages as Claude's turns and system prompt."""

from collections.abc import Sequence
from typing import Any

from contracts.parts import AudioPart, DocumentPart, ImagePart, Message, ProviderPart, RefusalPart, TextPart
from providers.anthropic.encode_parts import Carried, encode_part

Block = dict[str, Any]
Turn = dict[str, Any]


def encode_messages(
    messages: Sequence[Message], carried: Carried, *, system_turns: bool
) -> tuple[list[Turn], list[Block]]:
    """The turns and the system prompt's blocks.

    Claude combines neighbours of one speaker, and wants the results of a turn's calls together and ahead of anything else, so
    they become one turn here. System and developer messages go to the system prompt; later ones stand where they belong, behind
    a user's turn, if the model takes them there (`system_turns`), and else in the prompt too.
    """
    turns: list[Turn] = []
    prompt: list[Block] = []
    waiting: list[Block] = []
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        carried.ignore("name", message.name)
        if message.role in ("system", "developer"):
            blocks = _system(message, carried, at)
            (waiting if turns and system_turns else prompt).extend(blocks)
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _said(_blocks(message, carried, at), role)
        if role == "assistant" and blocks:
            waiting = _place(waiting, turns, prompt)
        _add(turns, role, blocks)
    _place(waiting, turns, prompt)
    if not turns and prompt:
        # A system prompt alone is no request; said by the user it is one.
        turns, prompt = [{"role": "user", "content": prompt}], []
    for turn in turns:
        # Stable: results first, everything else in its order.
        turn["content"].sort(key=lambda block: block.get("type") != "tool_result" or turn["role"] != "user")
    _trim_end(turns)
    return turns, prompt


def _blocks(message: Message, carried: Carried, at: str) -> list[Block]:
    blocks: list[Block] = []
    for index, part in enumerate(message.parts):
        place = f"{at}.parts[{index}]"
        if message.role == "assistant" and isinstance(part, ImagePart | AudioPart | DocumentPart):
            # Another model drew or said it; the API takes such blocks from users only.
            carried.dropped.append(f"{place}: {part.type} made by a model")
        elif (block := encode_part(part, carried, place)) is not None:
            blocks.append(block)
    return blocks


def _system(message: Message, carried: Carried, at: str) -> list[Block]:
    for index, part in enumerate(message.parts):
        if not isinstance(part, TextPart | RefusalPart | ProviderPart):
            carried.refuse(
                f"a {message.role} message holds a part of type {part.type}; Claude's system prompt takes text only",
                f"{at}.parts[{index}]",
            )
    return _blocks(message, carried, at)


def _said(blocks: list[Block], role: str) -> list[Block]:
    """Without texts that are only blank, which the API refuses, unless the user said nothing else."""
    kept = [block for block in blocks if block.get("type") != "text" or block["text"].strip()]
    return kept if kept or role == "assistant" else blocks


def _add(turns: list[Turn], role: str, blocks: list[Block]) -> None:
    if not blocks:
        return
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"].extend(blocks)
    else:
        turns.append({"role": role, "content": blocks})


def _place(waiting: list[Block], turns: list[Turn], prompt: list[Block]) -> list[Block]:
    """Put system blocks that waited behind the user's turn that has ended; returns what waits now: nothing."""
    if turns and turns[-1]["role"] == "user":
        _add(turns, "system", waiting)
    else:
        prompt.extend(waiting)
    return []


def _trim_end(turns: list[Turn]) -> None:
    """The API refuses white space at the end of an assistant's last words."""
    if turns and turns[-1]["role"] == "assistant":
        last = turns[-1]["content"][-1]
        if last.get("type") == "text":
            last["text"] = last["text"].rstrip()
