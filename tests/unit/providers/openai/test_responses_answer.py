from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason
from contracts.parts import ProviderPart, ReasoningPart, TextPart, ToolCallPart
from tests.unit.providers.openai.reading import read_responses

MESSAGE: dict[str, Any] = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "phase": "final_answer",
    "content": [
        {
            "type": "output_text",
            "text": "forty two",
            "annotations": [{"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 5}],
        }
    ],
}
THOUGHT: dict[str, Any] = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
    "encrypted_content": "xyz",
}
CALL: dict[str, Any] = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "f",
    "arguments": '{"a":1}',
    "namespace": "n",
}
SEARCH: dict[str, Any] = {"type": "web_search_call", "id": "ws_1", "action": {"type": "search", "query": "q"}}
USAGE = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13, "output_tokens_details": {"reasoning_tokens": 3}}


def response(*items: dict[str, Any], status: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"id": "resp_1", "model": "gpt-5", "status": status, "output": list(items), "usage": USAGE, **fields}


def event(name: str, place: int = 0, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{name}", "output_index": place, **fields}


def streamed(end: dict[str, Any] | None, *, done: bool = True) -> list[dict[str, Any]]:
    """The thought, the search, the call and the message, told in the wire's own events."""
    began = {**MESSAGE, "content": [], "status": "in_progress"}
    events = [
        {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5"}},
        event("output_item.added", 0, item={"type": "reasoning", "id": "rs_1", "summary": []}),
        event("reasoning_summary_text.delta", 0, summary_index=0, delta="o"),
        event("reasoning_summary_text.delta", 0, summary_index=0, delta="ne"),
        event("reasoning_summary_text.delta", 0, summary_index=1, delta="two"),
        event("output_item.done", 0, item=THOUGHT),
        event("output_item.added", 1, item={**SEARCH, "action": None}),
        event("web_search_call.searching", 1),
        event("output_item.done", 1, item=SEARCH),
        event("output_item.added", 2, item={**CALL, "arguments": ""}),
        event("function_call_arguments.delta", 2, delta='{"a":'),
        event("function_call_arguments.delta", 2, delta="1}"),
        event("output_item.done", 2, item=CALL),
        event("output_item.added", 3, item=began),
        event("output_text.delta", 3, content_index=0, delta="forty "),
        event("output_text.delta", 3, content_index=0, delta="two"),
        event("output_item.done", 3, item=MESSAGE),
    ]
    kept = [one for one in events if done or one["type"] != "response.output_item.done"]
    return kept if end is None else [*kept, end]


WHOLE = response(THOUGHT, SEARCH, CALL, MESSAGE)
END = {"type": "response.completed", "response": WHOLE}


@pytest.mark.parametrize("done", [True, False], ids=["items ended", "items not ended"])
def test_a_stream_says_what_its_body_says(done: bool) -> None:
    answer = read_responses(streamed(END, done=done))
    assert answer == read_responses([WHOLE], whole=True)
    thought, search, call, text = answer.parts
    assert thought == ReasoningPart(
        text="one\n\ntwo", redacted="xyz", provider="openai", id="rs_1", summaries=("one", "two")
    )
    assert search == ProviderPart(provider="openai", payload=SEARCH)
    assert isinstance(call, ToolCallPart)
    assert (call.id, call.item_id, call.namespace, call.arguments) == ("call_1", "fc_1", "n", '{"a":1}')
    assert isinstance(text, TextPart)
    assert (text.text, text.id, text.phase, text.citations[0].url) == ("forty two", "msg_1", "final_answer", "u")
    assert answer.finished.finish_reason is FinishReason.TOOL_CALLS
    assert answer.finished.usage is not None
    assert (answer.finished.usage.reasoning, answer.finished.usage.web_searches) == (3, 1)


def test_items_that_the_last_event_leaves_out_are_kept() -> None:
    end = {"type": "response.completed", "response": response()}
    assert read_responses(streamed(end)).text == "forty two"


def test_a_cut_stream_fails() -> None:
    with pytest.raises(ProviderError) as raised:
        read_responses(streamed(None))
    assert raised.value.kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", FinishReason.LENGTH), ("content_filter", FinishReason.CONTENT_FILTER)],
)
def test_incomplete_is_an_end(reason: str, finish: FinishReason) -> None:
    whole = response(MESSAGE, status="incomplete", incomplete_details={"reason": reason})
    finished = read_responses([{"type": "response.incomplete", "response": whole}]).finished
    assert (finished.finish_reason, finished.raw_finish_reason) == (finish, reason)


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        (
            [
                {
                    "type": "response.failed",
                    "response": response(
                        status="failed",
                        error={"code": "rate_limit_exceeded", "message": "Rate limit reached. Please try again in 3s."},
                    ),
                }
            ],
            ErrorKind.RATE_LIMITED,
        ),
        ([{"type": "response.failed", "response": response(status="failed", error=None)}], ErrorKind.UNAVAILABLE),
        ([{"type": "error", "code": "server_is_overloaded", "message": "busy"}], ErrorKind.OVERLOADED),
        ([{"type": "response.completed", "response": response(status="queued")}], ErrorKind.UNAVAILABLE),
    ],
    ids=["failed", "failed without a reason", "error event", "queued"],
)
def test_failures(events: list[dict[str, Any]], kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as raised:
        read_responses(events)
    assert raised.value.kind is kind
    assert raised.value.retry_after == (3.0 if kind is ErrorKind.RATE_LIMITED else None)
