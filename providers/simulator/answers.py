"""The answer to one request, decided before the first byte is sent: its blocks, its finish and what it bills."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from providers.simulator.asked import Asked, OfferedTool
from providers.simulator.behaviour import Behaviour
from providers.simulator.instances import instance
from providers.simulator.pieces import pieces
from providers.simulator.words import answer_pieces, reasoning_pieces

BlockKind = Literal["reasoning", "text", "refusal", "tool"]
_CALL = re.compile(r"\bcall\s+([\w.-]+(?:(?:\s*,\s*|\s+and\s+)[\w.-]+)*)", re.IGNORECASE)
_REFUSAL = "Simulated refusal: I can't help with that."
_LONGEST_RESULT = 400


@dataclass(slots=True)
class Block:
    """One part of an answer, as tokens. A tool call's name costs one token more than its arguments."""

    kind: BlockKind
    pieces: list[str]
    name: str = ""
    custom: bool = False

    @property
    def text(self) -> str:
        """The block's whole text, or arguments."""
        return "".join(self.pieces)

    @property
    def cost(self) -> int:
        """Tokens that this block bills."""
        return len(self.pieces) + (self.kind == "tool")


@dataclass(slots=True)
class Answer:
    """What is to be said. `finish` is stop, stop_sequence, length, tool_calls, content_filter, refusal, or a vendor's own word.

    `output` includes `reasoning`; `input` includes `cached` and `cache_write`.
    """

    blocks: list[Block]
    finish: str
    input: int
    output: int
    reasoning: int
    cached: int
    cache_write: int
    stop_sequence: str | None = None


def answer_to(asked: Asked, behaviour: Behaviour, seed: int, *, cache_known: bool) -> Answer:
    """The answer that `behaviour` bends and the request's limits cut. `cache_known`: its marked prefix was seen before."""
    blocks = _reasoning(asked, behaviour, seed)
    stop_sequence = None
    if behaviour.refuse:
        finish = "refusal"
        blocks = [Block("refusal", pieces(_REFUSAL))]
    else:
        calls = _tool_calls(asked, behaviour)
        finish = "tool_calls" if calls else "stop"
        if not calls or behaviour.text is not None:
            said = _text(asked, behaviour, seed)
            text, stop_sequence = _stopped(said, asked.stop)
            if stop_sequence is not None:
                finish, calls = "stop_sequence", []
            blocks.append(Block("text", pieces(text) if stop_sequence is not None else said))
        blocks += calls
    if not behaviour.ignore_max_tokens and _fit(blocks, asked.max_tokens):
        finish, stop_sequence = "length", None
    if behaviour.finish_reason is not None:
        finish = behaviour.finish_reason
    cached, cache_write = _cache(asked, behaviour, cache_known)
    return Answer(
        blocks=[block for block in blocks if block.pieces or block.kind == "tool"],
        finish=finish,
        input=asked.input_tokens,
        output=sum(block.cost for block in blocks),
        reasoning=sum(block.cost for block in blocks if block.kind == "reasoning"),
        cached=cached,
        cache_write=cache_write,
        stop_sequence=stop_sequence,
    )


def _reasoning(asked: Asked, behaviour: Behaviour, seed: int) -> list[Block]:
    if behaviour.reasoning is not None:
        return [Block("reasoning", pieces(behaviour.reasoning))]
    if behaviour.reasoning_tokens is not None:
        return [Block("reasoning", reasoning_pieces(asked.last_user, seed, length=behaviour.reasoning_tokens))]
    if asked.reasoning:
        return [Block("reasoning", reasoning_pieces(asked.last_user, seed))]
    return []


def _text(asked: Asked, behaviour: Behaviour, seed: int) -> list[str]:
    if behaviour.text is not None:
        whole = pieces(behaviour.text)
    elif behaviour.echo:
        whole = pieces(f"Simulated answer: {asked.last_user}")
    elif asked.output is not None:
        made = instance(asked.output) if asked.output else {"answer": "Simulated answer"}
        whole = pieces(orjson.dumps(made).decode())
    elif asked.tool_results:
        results = " and ".join(result[:_LONGEST_RESULT] for result in asked.tool_results)
        whole = pieces(f"Simulated answer: the tool returned {results}")
    else:
        whole = answer_pieces(asked.last_user, seed, length=behaviour.tokens)
    if asked.prefill:
        said = "".join(whole)
        if said.startswith(asked.prefill):
            return pieces(said[len(asked.prefill) :])
        if whole and not asked.prefill[-1].isspace():
            return [f" {whole[0]}", *whole[1:]]
    return whole


def _tool_calls(asked: Asked, behaviour: Behaviour) -> list[Block]:
    if behaviour.tool_calls is not None:
        return [
            Block("tool", pieces(_arguments(wish.arguments)), wish.name, _is_custom(asked, wish.name))
            for wish in behaviour.tool_calls
        ]
    tools = asked.tools
    if not tools or asked.choice == "none" or behaviour.text is not None:
        return []
    wanted = [] if asked.tool_results and asked.choice == "auto" else _named_in(asked.last_user, tools)
    match asked.choice:
        case "required":
            wanted = wanted or [next(iter(tools))]
        case "named":
            wanted = [name for name in wanted if name in asked.named] or [
                name for name in asked.named[:1] if name in tools
            ]
        case "auto":
            if behaviour.call_tools and not asked.tool_results:
                wanted = wanted or [next(iter(tools))]
    return [_call_of(tools[name], asked) for name in (wanted if asked.parallel else wanted[:1])]


def _named_in(text: str, tools: dict[str, OfferedTool]) -> list[str]:
    names: list[str] = []
    for found in _CALL.finditer(text):
        for word in re.split(r"\s*,\s*|\s+and\s+", found[1]):
            name = word if word in tools else word.rstrip(".-")
            if name in tools:
                names.append(name)
    return names


def _call_of(tool: OfferedTool, asked: Asked) -> Block:
    if tool.custom:
        return Block("tool", pieces(f"simulated input for {tool.name}"), tool.name, custom=True)
    return Block("tool", pieces(_arguments(instance(tool.schema) if tool.schema else {})), tool.name)


def _arguments(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


def _is_custom(asked: Asked, name: str) -> bool:
    tool = asked.tools.get(name)
    return tool is not None and tool.custom


def _stopped(said: list[str], stops: tuple[str, ...]) -> tuple[str, str | None]:
    """The text before the first of the stop sequences, and which it was."""
    text = "".join(said) if stops else ""
    places = [(place, stop) for stop in stops if stop and (place := text.find(stop)) >= 0]
    if not places:
        return text, None
    place, stop = min(places)
    return text[:place], stop


def _fit(blocks: list[Block], limit: int | None) -> bool:
    """Cut the blocks down to `limit` tokens, in place; True where something was cut."""
    if limit is None:
        return False
    left, cut = limit, False
    for block in blocks:
        if block.cost > left:
            cut = True
            if block.kind == "tool" and left > 0:
                block.pieces = block.pieces[: left - 1]
            else:
                block.pieces = block.pieces[:left]
                if block.kind == "tool":
                    block.name = ""
        left -= block.cost if block.kind != "tool" or block.name else 0
    blocks[:] = [block for block in blocks if block.kind != "tool" or block.name]
    return cut


def _cache(asked: Asked, behaviour: Behaviour, known: bool) -> tuple[int, int]:
    """Tokens read from and written to the cache."""
    if behaviour.cached_tokens is not None:
        return min(behaviour.cached_tokens, asked.input_tokens), 0
    marked = min(asked.cache_tokens, asked.input_tokens)
    return (marked, 0) if known else (0, marked)
