"""Knobs, thinking and structured output by model."""

from typing import Any

import pytest

from contracts.parts import Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from contracts.requests import FunctionTool, JsonObjectOutput, JsonSchemaOutput, Knobs
from providers.anthropic.encode_request import EncodedRequest
from tests.unit.providers.anthropic.test_encode import LOOK, USER, encode, refused, said

MANUAL, EITHER, ADAPTIVE = "claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-4-8"


def knobs(model: str, **values: Any) -> EncodedRequest:
    return encode(model=model, knobs=Knobs(**values))


def thought(encoded: EncodedRequest) -> tuple[Any, Any, int]:
    config = encoded.body.get("output_config") or {}
    return encoded.body.get("thinking"), config.get("effort"), encoded.body["max_tokens"]


@pytest.mark.parametrize(
    ("model", "values", "wire"),
    [
        (MANUAL, {}, (None, None, 32_000)),
        (MANUAL, {"reasoning_effort": "low"}, ({"type": "enabled", "budget_tokens": 2_048}, None, 32_000)),
        (MANUAL, {"reasoning_effort": "max"}, ({"type": "enabled", "budget_tokens": 48_000}, None, 52_096)),
        (MANUAL, {"reasoning_tokens": 60_000}, ({"type": "enabled", "budget_tokens": 60_000}, None, 64_000)),
        (MANUAL, {"reasoning_tokens": -1}, ({"type": "enabled", "budget_tokens": 8_192}, None, 32_000)),
        (MANUAL, {"reasoning_tokens": 5}, ({"type": "enabled", "budget_tokens": 1_024}, None, 32_000)),
        (
            MANUAL,
            {"reasoning_effort": "high", "max_output_tokens": 6_000},
            ({"type": "enabled", "budget_tokens": 3_000}, None, 6_000),
        ),
        (MANUAL, {"reasoning_effort": "none"}, (None, None, 32_000)),
        (EITHER, {"reasoning_effort": "xhigh"}, ({"type": "adaptive"}, "high", 32_000)),
        (EITHER, {"reasoning_tokens": 3_000}, ({"type": "enabled", "budget_tokens": 3_000}, None, 32_000)),
        (EITHER, {"reasoning_tokens": 0}, ({"type": "disabled"}, None, 32_000)),
        (ADAPTIVE, {"reasoning_effort": "xhigh"}, ({"type": "adaptive", "display": "summarized"}, "xhigh", 32_000)),
        (ADAPTIVE, {"reasoning_tokens": -1}, ({"type": "adaptive", "display": "summarized"}, None, 32_000)),
        ("claude-3-opus-20240229", {}, (None, None, 4_096)),
        ("claude-3-5-sonnet-20241022", {}, (None, None, 8_192)),
        ("somebody-elses-model", {}, (None, None, 8_192)),
    ],
)
def test_thinking(model: str, values: dict[str, Any], wire: tuple[Any, Any, int]) -> None:
    encoded = knobs(model, **values)
    assert thought(encoded) == wire
    assert encoded.ignored == ()


@pytest.mark.parametrize(
    ("model", "values", "ignored"),
    [
        ("claude-3-5-sonnet-20241022", {"reasoning_effort": "low"}, ("reasoning_effort",)),
        (MANUAL, {"reasoning_effort": "low", "max_output_tokens": 1_500}, ("reasoning_effort",)),
        (MANUAL, {"reasoning_effort": "low", "reasoning_tokens": 2_000}, ("reasoning_effort",)),
        (ADAPTIVE, {"reasoning_tokens": 2_000}, ("reasoning_tokens",)),
        ("claude-fable-5", {"reasoning_effort": "none"}, ("reasoning_effort",)),
        (ADAPTIVE, {"temperature": 0.5, "top_k": 3}, ("temperature", "top_k")),
        (MANUAL, {"temperature": 0.5, "top_p": 0.5}, ("top_p",)),
        (MANUAL, {"temperature": 1.5}, ("temperature",)),
        (MANUAL, {"reasoning_effort": "low", "temperature": 0.5, "top_p": 0.96}, ("temperature",)),
        (MANUAL, {"seed": 1, "logit_bias": {"1": 2.0}, "verbosity": "low"}, ("seed", "logit_bias", "verbosity")),
        (MANUAL, {"stop": ("END", "\n")}, ("stop",)),
        (MANUAL, {"service_tier": "flex"}, ("service_tier",)),
    ],
)
def test_knobs_that_cannot_be_honoured_are_named(model: str, values: dict[str, Any], ignored: tuple[str, ...]) -> None:
    assert knobs(model, **values).ignored == ignored


def test_knobs_that_go_out() -> None:
    body = knobs(MANUAL, top_k=4, stop=("END",), user="u-1", service_tier="default", max_output_tokens=9).body
    assert (body["top_k"], body["stop_sequences"], body["max_tokens"]) == (4, ["END"], 9)
    assert (body["metadata"], body["service_tier"]) == ({"user_id": "u-1"}, "standard_only")


def test_a_forced_tool_rules_out_a_budget_and_nothing_else() -> None:
    more: dict[str, Any] = {"tools": (LOOK,), "tool_choice": "required", "knobs": Knobs(reasoning_effort="low")}
    assert encode(model=MANUAL, **more).ignored == ("reasoning_effort",)
    assert "thinking" not in encode(model=MANUAL, **more).body
    assert encode(model=ADAPTIVE, **more).body["thinking"]["type"] == "adaptive"


def test_a_round_of_tools_that_began_without_thought_goes_on_without_it() -> None:
    call = ToolCallPart(id="a", name="look", arguments="{}")
    result = Message(role="tool", parts=(ToolResultPart(call_id="a", content=(TextPart(text="x"),)),))
    own = ReasoningPart(text="hm", signature="s", provider="anthropic")
    more: dict[str, Any] = {
        "model": MANUAL,
        "tools": (FunctionTool(name="look"),),
        "knobs": Knobs(reasoning_effort="low"),
    }
    assert encode(USER, said("assistant", call), result, **more).ignored == ("reasoning_effort",)
    assert encode(USER, said("assistant", own, call), result, **more).ignored == ()


def test_a_schema_is_native_closed_and_refused_by_elder_models() -> None:
    output = JsonSchemaOutput(definition={"type": "object", "properties": {"a": {"type": "integer"}}})
    assert encode(model=MANUAL, output=output).body["output_config"] == {
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"a": {"type": "integer"}},
                "additionalProperties": False,
            },
        }
    }
    assert refused(model="claude-3-haiku-20240307", output=output).field == "output"
    assert encode(model=MANUAL, output=JsonObjectOutput()).ignored == ("output.json_object",)
