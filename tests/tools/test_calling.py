"""A call's path: bad arguments go back, limits hold, an unknown outcome is said and never repeated."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.parts import BytesSource, ImagePart
from contracts.tools import ToolDefinition, ToolEffects, ToolError, ToolOutcome, ToolRetry
from tests.tools.calls import NOW, asked, text_of, use
from tools.arguments import check_schema
from tools.calling import call
from tools.protocol import Arguments, CallContext, ToolOutput

SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
    "required": ["to"],
    "additionalProperties": False,
}


class Ledger:
    """A tool with a real effect: it writes down each call."""

    def __init__(self, retry: ToolRetry = "unsafe", *, fails: BaseException | None = None, **effects: Any) -> None:
        self.written: list[str] = []
        self.fails = fails
        self.output = ToolOutput(data={"written": True})
        self.definition = ToolDefinition(
            name="ledger", description="Writes.", parameters=SCHEMA, effects=ToolEffects(retry=retry, **effects)
        )

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        self.written.append(context.idempotency_key)
        if self.fails is not None:
            raise self.fails
        return self.output


class Reconciled(Ledger):
    """One that can look up what it wrote."""

    def __init__(self, *, keeps: bool, fails: BaseException | None = None) -> None:
        super().__init__("reconcile", fails=fails)
        self.keeps = keeps

    async def reconcile(self, arguments: Arguments, context: CallContext) -> ToolOutput | None:
        return self.output if self.keeps and context.idempotency_key in self.written else None


class Stuck(Ledger):
    """One that never answers."""

    async def run(self, arguments: Arguments, context: CallContext) -> ToolOutput:
        self.written.append(context.idempotency_key)
        await asyncio.get_running_loop().create_future()
        return self.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("{", "not valid JSON"),
        ("[]", "one JSON object"),
        ("NaN", "NaN is no JSON"),
        ("{}", "$: 'to' is a required property"),
        ('{"to": 1}', "$.to: 1 is not of type 'string'"),
        ('{"to": "a", "count": 0}', "$.count: 0 is less than the minimum of 1"),
        ('{"to": "a", "extra": 1}', "'extra' was unexpected"),
        ('{"to": "a\\u0000b"}', "NUL"),
        ('{"to": "\\ud800"}', "lone surrogate"),
        ("[" * 100_000, "nested too deeply"),
        ('{"to": ' + "[" * 70 + "]" * 70 + "}", "levels deep"),
        ('{"to": "' + "a" * 1_000_001 + '"}', "at most 1000000"),
    ],
    ids=range(12),
)
async def test_bad_arguments_go_back_and_nothing_is_done(arguments: str, says: str) -> None:
    tool = Ledger()
    result = await call(tool, asked("ledger", arguments), now=NOW)
    assert result.outcome is ToolOutcome.FAILED
    assert result.as_part().is_error
    assert says in text_of(result)
    assert not result.temporary
    assert tool.written == []


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_argument_text_breaks_the_reader(text: str) -> None:
    tool = Ledger()
    result = asyncio.run(call(tool, asked("ledger", text), now=NOW))
    assert (result.outcome is ToolOutcome.OK) == (tool.written != [])


async def test_a_done_call_has_its_data_and_cost() -> None:
    tool = Ledger(cost=Decimal("0.002"))
    result = await use(tool, to="a")
    assert (result.outcome, result.data, result.cost) == (ToolOutcome.OK, {"written": True}, Decimal("0.002"))
    assert text_of(result) == '{"written":true}'
    assert tool.written == ["turn/1/call"]


@pytest.mark.parametrize(
    ("retry", "outcome", "temporary"),
    [("safe", ToolOutcome.FAILED, True), ("unsafe", ToolOutcome.UNKNOWN, False)],
)
@pytest.mark.parametrize(
    "failure",
    [RuntimeError("postgresql://user:hunter2@host"), ToolError("Gone.", maybe_done=True)],
    ids=["crash", "said"],
)
async def test_a_failure_in_the_middle(
    retry: ToolRetry, outcome: ToolOutcome, temporary: bool, failure: BaseException
) -> None:
    result = await use(Ledger(retry, fails=failure), to="a")
    assert (result.outcome, result.temporary) == (outcome, temporary)
    assert "hunter2" not in text_of(result)
    assert ("unknown" in text_of(result)) == (outcome is ToolOutcome.UNKNOWN)


@pytest.mark.parametrize("retry", ["safe", "unsafe", "reconcile"])
async def test_a_refusal_is_never_unknown(retry: ToolRetry) -> None:
    result = await use(Ledger(retry, fails=ToolError("No such channel.")), to="a")
    assert (result.outcome, text_of(result), result.temporary) == (ToolOutcome.FAILED, "No such channel.", False)


async def test_the_time_limit_holds() -> None:
    result = await use(Stuck(timeout=0.05), to="a")
    assert result.outcome is ToolOutcome.UNKNOWN
    assert "within 0.05 seconds" in text_of(result)
    assert (await use(Stuck("safe", timeout=0.05), to="a")).temporary


async def test_an_unsafe_call_that_may_have_begun_is_not_made_again() -> None:
    tool = Ledger("unsafe")
    result = await use(tool, begun_before=True, to="a")
    assert result.outcome is ToolOutcome.UNKNOWN
    assert tool.written == []
    assert (await use(Ledger("safe"), begun_before=True, to="a")).outcome is ToolOutcome.OK


@pytest.mark.parametrize("keeps", [True, False])
async def test_a_reconcilable_call_is_looked_up_first(keeps: bool) -> None:
    tool = Reconciled(keeps=keeps)
    tool.written.append("turn/1/call")
    result = await use(tool, begun_before=True, to="a")
    assert result.outcome is ToolOutcome.OK
    assert len(tool.written) == (1 if keeps else 2)


@pytest.mark.parametrize(("keeps", "outcome"), [(True, ToolOutcome.OK), (False, ToolOutcome.FAILED)])
async def test_a_reconcilable_failure_is_looked_up_after(keeps: bool, outcome: ToolOutcome) -> None:
    tool = Reconciled(keeps=keeps, fails=RuntimeError("cut"))
    result = await use(tool, to="a")
    assert result.outcome is outcome
    assert result.temporary == (outcome is ToolOutcome.FAILED)
    assert len(tool.written) == 1


async def test_cancellation_goes_through() -> None:
    running = asyncio.create_task(use(Stuck(timeout=60), to="a"))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_an_oversized_output_is_cut_and_says_so() -> None:
    tool = Ledger("safe", max_chars=1_000, max_bytes=5_000)
    tool.output = ToolOutput(data={"text": "x" * 100_000})
    result = await use(tool, to="a")
    assert result.outcome is ToolOutcome.OK
    assert len(text_of(result)) < 1_200
    assert "[Cut: the first 1000 of 100011 characters." in text_of(result)
    assert result.truncated
    assert result.data is None


async def test_oversized_media_is_left_out() -> None:
    tool = Ledger("safe", max_bytes=5_000)
    picture = ImagePart(source=BytesSource(media_type="image/png", content="A" * 3_000))
    tool.output = ToolOutput(data=None, text="two", media=(picture, picture))
    result = await use(tool, to="a")
    assert [part.type for part in result.content] == ["text", "image"]
    assert "[Left out: 1 attachments" in text_of(result)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=20), st.integers(100, 300))
def test_outputs_stay_within_their_limits(data: Any, limit: int) -> None:
    tool = Ledger("safe", max_chars=limit, max_bytes=limit)
    tool.output = ToolOutput(data=data)
    result = asyncio.run(use(tool, to="a"))
    assert len(text_of(result)) <= limit + 120
    text_of(result).encode()
    if not result.truncated:
        assert json.dumps(result.data, ensure_ascii=False, separators=(",", ":")) == text_of(result)
        result.model_dump_json()


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"type": "object", "properties": 1},
        {"type": "object", "properties": {"a": {"$ref": "http://x/y"}}},
    ],
    ids=["empty", "string", "broken", "remote"],
)
def test_a_tool_needs_a_schema_of_its_own(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="tool 'ledger'"):
        check_schema(ToolDefinition(name="ledger", description="", parameters=schema))
