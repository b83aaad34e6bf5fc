"""A recorded request of a compatible server as our words: its dialect undone, then read as OpenAI's."""

from typing import Any, get_args

from contracts.requests import Knobs, ModelRequest, ProviderTool, ReasoningEffort
from tests.conformance.openai.read_chat import OPENAI, read_chat_request

_FUNCTION = {"type", "function", "cache_control"}


def read_compatible_chat(body: dict[str, Any]) -> ModelRequest:
    """`body` in our words; fields that have no word of ours go through `provider_options`."""
    plain = {name: value for name, value in body.items() if value is not None}
    tools = [{"type": "function", **tool} for tool in plain.pop("tools", None) or ()]
    # A function with a field that we have no word for goes verbatim, as a vendor's own tool does.
    own = [tool for tool in tools if tool["type"] == "function" and not tool.keys() - _FUNCTION]
    if own:
        plain["tools"] = own
    if plain.get("tool_choice") == "any":
        plain["tool_choice"] = "required"
    if isinstance(plain.get("tool_choice"), dict):
        plain["tool_choice"] = {"type": "function", **plain["tool_choice"]}
    knobs: dict[str, Any] = {}
    if "random_seed" in plain:
        knobs["seed"] = plain.pop("random_seed")
    if "top_k" in plain:
        knobs["top_k"] = plain.pop("top_k")
    match plain.get("reasoning"):
        case {"effort": str() as effort, **others} if not others and effort in get_args(ReasoningEffort):
            knobs["reasoning_effort"] = effort
            del plain["reasoning"]
        case _:
            pass
    request = read_chat_request(plain)
    verbatim = iter(request.tools)
    return request.model_copy(
        update={
            "knobs": Knobs(**{**request.knobs.model_dump(exclude_unset=True), **knobs}),
            "tools": tuple(
                next(verbatim) if tool in own else ProviderTool(provider=OPENAI, payload=tool) for tool in tools
            ),
        }
    )


def options_of(request: ModelRequest) -> list[str]:
    """The fields that had no word of ours."""
    return list(request.provider_options.get(OPENAI, {}))
