"""What a request of a compatible server may lose or gain on its way through our words, beside OpenAI's own losses."""

from typing import Any

from tests.conformance.openai.losses import normalised

LOSSES: dict[str, str] = {
    "model": "Azure names the deployment in the path; some recorded bodies name another model, or none, which it overlooks",
    "prefix: false": "Mistral: is what is meant without it",
    "tool_calls: []": "an empty list: no calls",
    "index": "of a call that goes back: Mistral's own client numbers it, and the list's order says the same",
    "tools without type": "Mistral, HuggingFace: `function` is what is meant",
    "reasoning_content: ''": "no thought; DeepSeek wants the field to be there beside calls, so it is sent empty",
    "thinking": "Mistral: a thought in several texts goes back as one",
}
"""Every difference that `normalised_compatible` takes away, and why it is none."""


def normalised_compatible(body: dict[str, Any], *, deployed: bool) -> dict[str, Any]:
    """The body without the declared differences. `deployed`: the model is named in the path."""
    wanted = dict(body)
    if deployed:
        wanted.pop("model", None)
    if "messages" in wanted:
        wanted["messages"] = [_message(message) for message in wanted["messages"]]
        wanted["tools"] = [{"type": "function", **tool} for tool in wanted.get("tools") or ()]
    choice = wanted.get("tool_choice")
    if isinstance(choice, dict):
        wanted["tool_choice"] = {"type": "function", **choice}
    return normalised(wanted)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    kept = dict(message)
    for name, meant in (("prefix", False), ("tool_calls", []), ("reasoning_content", "")):
        if name in kept and kept[name] == meant:
            del kept[name]
    if isinstance(kept.get("content"), list):
        kept["content"] = [_content(one) for one in kept["content"]]
    if calls := kept.get("tool_calls"):
        kept["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
    return kept


def _content(one: dict[str, Any]) -> dict[str, Any]:
    if one.get("type") != "thinking":
        return one
    return {**one, "thinking": "".join(piece["text"] for piece in one["thinking"])}
