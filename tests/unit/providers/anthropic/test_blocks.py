"""Claude's content blocks as parts."""

import json
from typing import Any

from contracts.events import FinishReason, PartUpdated
from contracts.parts import Citation, ProviderPart, ReasoningPart, TextPart, ToolCallPart
from providers.collect import Answer, complete
from tests.unit.providers.anthropic.loopback import Event, block, claude, end, request, start, streaming, text_block


async def answer(*events: Event, reason: str = "end_turn", **usage: Any) -> Answer:
    async with claude(streaming(start(), *events, *end(reason, **usage))) as (provider, _asked):
        return await complete(provider, request(), call_id="c")


async def test_thoughts_keep_their_signatures() -> None:
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "thinking_delta", "thinking": "m"},
        {"type": "signature_delta", "signature": "c2ln"},
    )
    hidden = block(1, {"type": "redacted_thinking", "data": "ZGF0YQ=="})
    got = await answer(*thinking, *hidden, *text_block(2, "x"))
    assert got.parts == (
        ReasoningPart(text="hmm", signature="c2ln", provider="anthropic"),
        ReasoningPart(redacted="ZGF0YQ==", provider="anthropic"),
        TextPart(text="x"),
    )


async def test_an_omitted_thought_keeps_its_signature() -> None:
    thinking = block(
        0, {"type": "thinking", "thinking": "", "signature": ""}, {"type": "signature_delta", "signature": "s"}
    )
    assert (await answer(*thinking)).parts == (ReasoningPart(signature="s", provider="anthropic"),)


async def test_calls_keep_their_arguments_as_they_were_written() -> None:
    wire = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"at":', " 1")]
    got = await answer(*block(0, wire, *deltas), *block(1, {**wire, "id": "toolu_2"}), reason="tool_use")
    assert got.parts == (
        ToolCallPart(id="toolu_1", name="look", arguments='{"at": 1'),
        ToolCallPart(id="toolu_2", name="look", arguments="{}"),
    )
    assert got.finished.finish_reason is FinishReason.TOOL_CALLS


async def test_a_call_made_from_code_keeps_its_caller() -> None:
    caller = {"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}
    wire = {"type": "tool_use", "id": "a", "name": "look", "input": {"at": 1}}
    got = await answer(*block(0, {**wire, "caller": caller}), *block(1, {**wire, "caller": {"type": "direct"}}))
    first, second = got.parts
    assert isinstance(first, ToolCallPart)
    assert json.loads(first.signature or "") == caller
    assert first.provider == "anthropic"
    assert second == ToolCallPart(id="a", name="look", arguments='{"at": 1}')


async def test_server_tools_and_their_results_are_kept_whole() -> None:
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"url": "https://a"}]}
    compaction = {"type": "compaction", "content": None}
    got = await answer(
        *block(0, use, {"type": "input_json_delta", "partial_json": '{"query": "x"}'}),
        *block(1, result),
        *block(
            2, compaction, {"type": "compaction_delta", "content": "a"}, {"type": "compaction_delta", "content": "b"}
        ),
        *block(3, {"type": "a_block_of_tomorrow", "x": 1}, {"type": "x_delta", "y": [2]}),
        server_tool_use={"web_search_requests": 1},
    )
    payloads = [part.payload for part in got.parts if isinstance(part, ProviderPart)]
    assert payloads == [
        {**use, "input": {"query": "x"}},
        result,
        {"type": "compaction", "content": "ab"},
        {"type": "a_block_of_tomorrow", "x": 1, "y": [2]},
    ]
    assert got.finished.usage is not None
    assert got.finished.usage.web_searches == 1


async def test_citations_come_with_the_whole_text() -> None:
    raw = {
        "type": "web_search_result_location",
        "cited_text": "so",
        "url": "https://a",
        "title": "A",
        "encrypted_index": "e",
    }
    citing = block(
        0,
        {"type": "text", "text": "", "citations": []},
        {"type": "citations_delta", "citation": raw},
        {"type": "text_delta", "text": "It is "},
        {"type": "text_delta", "text": "so."},
    )
    async with claude(streaming(start(), *citing, *end())) as (provider, _asked):
        events = [event async for event in provider.stream(request(), call_id="c")]
    (updated,) = [event for event in events if isinstance(event, PartUpdated)]
    cited = Citation(url="https://a", title="A", quote="so", provider="anthropic", raw=raw)
    assert updated.part == TextPart(text="It is so.", citations=(cited,), provider="anthropic")


async def test_interleaved_and_unnumbered_blocks_are_numbered_in_their_order() -> None:
    first, second = text_block(7, "a"), text_block(9, "b")
    got = await answer(first[0], second[0], second[1], first[1], first[2], second[2])
    assert [part.text for part in got.parts if isinstance(part, TextPart)] == ["a", "b"]


async def test_usage_is_disjoint_and_a_later_report_may_leave_out_what_an_earlier_one_said() -> None:
    creation = {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10}
    first = start(
        cache_read_input_tokens=40, cache_creation_input_tokens=30, cache_creation=creation, service_tier="priority"
    )
    last = end(output_tokens=9, output_tokens_details={"thinking_tokens": 4}, cache_read_input_tokens=None)
    async with claude(streaming(first, *text_block(0, "x"), *last)) as (provider, _asked):
        finished = (await complete(provider, request(), call_id="c")).finished
    usage = finished.usage
    assert usage is not None
    assert (usage.input_uncached, usage.cache_read, usage.cache_write, usage.cache_write_1h) == (3, 40, 30, 10)
    assert (usage.output, usage.reasoning, usage.total) == (9, 4, 82)
    assert finished.service_tier == "priority"
