"""Anthropic's message batches.

Shapes: platform.claude.com/docs/en/api/creating-message-batches, and the SDK's types.
"""

import re
from datetime import UTC, datetime
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.anthropic import routes
from providers.simulator.batch_door import BatchRoute, Question
from providers.simulator.batches import WINDOW, Batch, Item
from providers.simulator.replies import Reply, Trouble

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WORDS = {"answered": "succeeded", "failed": "errored", "expired": "expired", "cancelled": "canceled"}


def find(method: str, path: str) -> BatchRoute | None:
    """Who answers at `path`, which begins after `/anthropic/v1`; None where it is no path of batches."""
    pieces = path.removeprefix("/").split("/")
    if pieces[:2] != ["messages", "batches"]:
        return None
    match method, pieces[2:]:
        case "POST", []:
            return BatchRoute(routes.WIRE, path, _create, creates=True)
        case "GET", []:
            return BatchRoute(routes.WIRE, path, _list)
        case "GET", [_]:
            return BatchRoute(routes.WIRE, path, _show)
        case "GET", [_, "results"]:
            return BatchRoute(routes.WIRE, path, _results)
        case "POST", [_, "cancel"]:
            return BatchRoute(routes.WIRE, path, _cancel)
        case _:
            return None


def _create(question: Question) -> Reply:
    requests = orjson.loads(question.body)["requests"]
    names = [one["custom_id"] for one in requests]
    if not names or len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names):
        return _refused("requests: each needs a custom_id of its own, of 1 to 64 letters, digits, - and _")
    target = routes.find("POST", "/messages")
    assert target is not None
    items = [Item(one["custom_id"], target, one["params"]) for one in requests]
    batch = question.batches.open(question.state, "anthropic", question.key, items, question.behaviour)
    return Reply.of(200, _shown(question, batch))


def _list(question: Question) -> Reply:
    query = question.connection.query()
    found = question.batches.of(question.state, "anthropic", question.key)
    if after := query.get("after_id"):
        found = found[[batch.id for batch in found].index(after.removeprefix("msgbatch_")) + 1 :]
    limit = int(query.get("limit", 20))
    shown = [_shown(question, batch) for batch in found[:limit]]
    ends = {"first_id": shown[0]["id"] if shown else None, "last_id": shown[-1]["id"] if shown else None}
    return Reply.of(200, {"data": shown, "has_more": len(found) > limit, **ends})


def _show(question: Question) -> Reply:
    batch = _named(question)
    return _missing(question) if batch is None else Reply.of(200, _shown(question, batch))


def _results(question: Question) -> Reply:
    batch = _named(question)
    if batch is None or batch.ended_at is None:
        return _missing(question)
    lines = [orjson.dumps({"custom_id": item.name, "result": _result(item)}) + b"\n" for item in batch.items]
    # Results may come in any order: the last first.
    return Reply(200, b"".join(reversed(lines)), ((b"content-type", b"application/x-jsonl"),))


def _cancel(question: Question) -> Reply:
    batch = _named(question)
    if batch is None:
        return _missing(question)
    question.batches.cancel(question.state, batch)
    return Reply.of(200, _shown(question, batch))


def _result(item: Item) -> dict[str, Any]:
    kind = _WORDS[item.outcome]
    match kind:
        case "succeeded":
            return {"type": kind, "message": orjson.loads(item.reply)}
        case "errored":
            return {"type": kind, "error": orjson.loads(item.reply)}
        case _:
            return {"type": kind}


def _named(question: Question) -> Batch | None:
    identity = question.path.split("/")[3].removeprefix("msgbatch_")
    return question.batches.find(question.state, "anthropic", question.key, identity)


def _shown(question: Question, batch: Batch) -> dict[str, Any]:
    identity, ended = f"msgbatch_{batch.id}", batch.ended_at is not None
    host = question.connection.header(b"host")
    words = {"processing": "waiting", **{word: outcome for outcome, word in _WORDS.items()}}
    return {
        "id": identity,
        "type": "message_batch",
        "processing_status": "ended" if ended else "in_progress",
        "request_counts": {word: batch.count(outcome) for word, outcome in words.items()},  # type: ignore[arg-type]
        "created_at": _moment(batch.created),
        "expires_at": _moment(batch.created + WINDOW),
        "ended_at": _moment(batch.ended_at),
        "cancel_initiated_at": _moment(batch.cancelled_at),
        "archived_at": None,
        "results_url": f"http://{host}/anthropic/v1/messages/batches/{identity}/results" if ended else None,
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _missing(question: Question) -> Reply:
    return _refused(f"{question.path} not found", kind=ErrorKind.NOT_FOUND)


def _refused(message: str, kind: ErrorKind = ErrorKind.INVALID_REQUEST) -> Reply:
    return routes.WIRE.error(kind, Trouble("", "batches", message=message), None, 0)
