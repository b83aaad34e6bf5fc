"""A `ModelRequest` as the body of `/v1/messages`."""

from dataclasses import dataclass
from typing import Any, assert_never

from contracts.requests import JsonObjectOutput, JsonSchemaOutput, Knobs, ModelRequest
from providers.anthropic.betas import needed_betas
from providers.anthropic.encode_messages import Turn, encode_messages
from providers.anthropic.encode_parts import Carried
from providers.anthropic.encode_tools import encode_choice, encode_tools
from providers.anthropic.families import Family, family_of
from providers.anthropic.provenance import WIRE
from providers.anthropic.schemas import closed
from providers.anthropic.thinking import Thinking, plan_thinking

_TIERS = {"auto": "auto", "priority": "auto", "default": "standard_only", "standard": "standard_only"}
"""OpenAI's words for service tiers in Anthropic's, which are taken as well (`auto`, `standard_only`)."""

_UNKNOWN = ("seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "verbosity")
"""Knobs that Claude has not."""


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """The body as the wire takes it, the betas it needs, the knobs it ignores, and the parts it had to leave out."""

    body: dict[str, Any]
    betas: tuple[str, ...]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]


def encode_request(request: ModelRequest, *, provider: str) -> EncodedRequest:
    """Translate. Raises `ProviderError(invalid_request)` naming the field that the wire cannot carry.

    `provider_options` lie over the body; their `betas` are added to the header.
    """
    model = request.model.model
    family = family_of(model)
    carried = Carried(provider)
    turns, prompt = encode_messages(request.messages, carried, system_turns=family.takes_system_turns)
    if request.prefill and request.prefill.strip():
        _prefill(turns, request.prefill.rstrip())
    tools = encode_tools(request.tools, carried, takes_strict=family.takes_schema)
    choice = encode_choice(request, carried)
    forced = choice is not None and choice["type"] in ("any", "tool")
    thinking = plan_thinking(family, request.knobs, forbidden=forced or _began_unthinking(turns))
    for name in thinking.ignored:
        carried.ignore(name, True)
    fields: dict[str, Any] = {
        "model": model,
        "max_tokens": thinking.max_tokens,
        "system": prompt or None,
        "messages": turns,
        "tools": tools or None,
        "tool_choice": choice,
        "thinking": thinking.config,
        "output_config": _output_config(request, family, thinking, carried) or None,
        **_knobs(request.knobs, family, thinking, carried),
    }
    body = {name: value for name, value in fields.items() if value is not None}
    betas: list[str] = []
    for name in dict.fromkeys((WIRE, provider)):
        options = dict(request.provider_options.get(name, {}))
        betas += options.pop("betas", ())
        body = _merged(body, options)
    every = tuple(dict.fromkeys((*betas, *needed_betas(body))))
    return EncodedRequest(body=body, betas=every, ignored=tuple(carried.ignored), dropped=tuple(carried.dropped))


def _prefill(turns: list[Turn], text: str) -> None:
    block = {"type": "text", "text": text}
    if turns and turns[-1]["role"] == "assistant":
        turns[-1]["content"].append(block)
    else:
        turns.append({"role": "assistant", "content": [block]})


def _began_unthinking(turns: list[Turn]) -> bool:
    """Whether a turn that calls tools is under way without a thought at its start: another model began it, and the API refuses
    to think by a budget in its midst.
    """
    if len(turns) < 2 or turns[-1]["role"] != "user":
        return False
    answered = any(block.get("type") == "tool_result" for block in turns[-1]["content"])
    first = turns[-2]["content"][0].get("type")
    return answered and turns[-2]["role"] == "assistant" and first not in ("thinking", "redacted_thinking")


def _output_config(request: ModelRequest, family: Family, thinking: Thinking, carried: Carried) -> dict[str, Any]:
    config: dict[str, Any] = {} if thinking.effort is None else {"effort": thinking.effort}
    match request.output:
        case None:
            pass
        case JsonObjectOutput():
            # Claude has no mode for any JSON; the prompt, which has to ask for it anyway, must do.
            carried.ignore("output.json_object", True)
        case JsonSchemaOutput(definition=None):
            carried.ignore("output", True)
        case JsonSchemaOutput(definition=definition):
            if not family.takes_schema:
                carried.refuse(
                    f"{request.model.model} cannot be bound to a JSON Schema: choose a newer model, or ask by a tool",
                    "output",
                )
            carried.ignore("output.description", request.output.description)
            config["format"] = {"type": "json_schema", "schema": closed(definition)}
        case _:
            assert_never(request.output)
    return config


def _knobs(knobs: Knobs, family: Family, thinking: Thinking, carried: Carried) -> dict[str, Any]:
    for name in _UNKNOWN:
        carried.ignore(name, getattr(knobs, name))
    stop = [one for one in knobs.stop if one.strip()]
    carried.ignore("stop", len(stop) < len(knobs.stop))
    tier = knobs.service_tier
    wire_tier = None if tier is None else _TIERS.get(tier, tier if tier == "standard_only" else None)
    carried.ignore("service_tier", tier is not None and wire_tier is None)
    return {
        **_sampling(knobs, family, thinking, carried),
        "stop_sequences": stop or None,
        "service_tier": wire_tier,
        "metadata": None if knobs.user is None else {"user_id": knobs.user},
    }


def _sampling(knobs: Knobs, family: Family, thinking: Thinking, carried: Carried) -> dict[str, Any]:
    """Temperature, top_p and top_k, as far as the model takes them; while it thinks it takes hardly any
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking#feature-compatibility).
    """
    temperature, top_p, top_k = knobs.temperature, knobs.top_p, knobs.top_k
    if temperature is not None and temperature > 1:
        carried.ignore("temperature", True)
        temperature = 1.0
    if not family.takes_sampling:
        kept: dict[str, Any] = {}
    elif thinking.mode != "off":
        kept = {
            "temperature": temperature if temperature == 1 else None,
            "top_p": top_p if top_p is not None and top_p >= 0.95 else None,
        }
    else:
        kept = {"temperature": temperature, "top_p": top_p, "top_k": top_k}
    if kept.get("temperature") is not None and not family.takes_both_samplings:
        kept["top_p"] = None
    for name in ("temperature", "top_p", "top_k"):
        carried.ignore(name, getattr(knobs, name) is not None and kept.get(name) is None)
    return kept


def _merged(body: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """The body with the caller's own fields laid over it, object by object."""
    merged = dict(body)
    for name, value in options.items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
