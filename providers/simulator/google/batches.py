"""Gemini's batches of requests that are sent along.

Shapes: ai.google.dev/api/batch-api, and what the SDK reads.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.batch_door import BatchRoute, Question
from providers.simulator.batches import Batch, Item
from providers.simulator.google import routes
from providers.simulator.google.request import pick
from providers.simulator.replies import Reply, Trouble

_CREATE = ":batchGenerateContent"


def find(method: str, path: str) -> BatchRoute | None:
    """Who answers at `path`, which begins after the version; None where it is no path of batches."""
    if method == "POST" and path.startswith("/models/") and path.endswith(_CREATE):
        return BatchRoute(routes.WIRE, path, _create, creates=True)
    if path != "/batches" and not path.startswith("/batches/"):
        return None
    match method:
        case "GET" if path == "/batches":
            return BatchRoute(routes.WIRE, path, _list)
        case "GET":
            return BatchRoute(routes.WIRE, path, _show)
        case "POST" if path.endswith(":cancel"):
            return BatchRoute(routes.WIRE, path, _cancel)
        case _:
            return None


def _create(question: Question) -> Reply:
    model = question.path.removeprefix("/models/").removesuffix(_CREATE)
    asked = orjson.loads(question.body)["batch"]
    requests = pick(pick(pick(asked, "inputConfig"), "requests"), "requests")
    if not requests:
        return _refused("* BatchGenerateContentRequest.batch.input_config: requests is not specified\n")
    target = routes.find("POST", f"/models/{model}:generateContent", events=False)
    assert target is not None
    items = [Item(str((one.get("metadata") or {}).get("key", "")), target, one["request"]) for one in requests]
    about = {"model": model, "label": pick(asked, "displayName")}
    batch = question.batches.open(question.state, "google", question.key, items, question.behaviour, **about)
    return Reply.of(200, _shown(batch))


def _list(question: Question) -> Reply:
    query = question.connection.query()
    found = question.batches.of(question.state, "google", question.key)
    start, size = int(query.get("pageToken") or 0), int(query.get("pageSize") or 20)
    more = {"nextPageToken": str(start + size)} if len(found) > start + size else {}
    return Reply.of(200, {"operations": [_shown(batch) for batch in found[start : start + size]], **more})


def _show(question: Question) -> Reply:
    batch = _named(question)
    return _missing(question) if batch is None else Reply.of(200, _shown(batch))


def _cancel(question: Question) -> Reply:
    batch = _named(question)
    if batch is None:
        return _missing(question)
    question.batches.cancel(question.state, batch)
    return Reply.of(200, {})


def _named(question: Question) -> Batch | None:
    identity = question.path.removeprefix("/batches/").removesuffix(":cancel")
    return question.batches.find(question.state, "google", question.key, identity)


def _shown(batch: Batch) -> dict[str, Any]:
    state = "BATCH_STATE_RUNNING"
    if batch.ended_at is not None:
        word = "CANCELLED" if batch.cancelled_at is not None else "EXPIRED" if batch.expired else "SUCCEEDED"
        state = f"BATCH_STATE_{word}"
    name = f"batches/{batch.id}"
    told = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "name": name,
        "model": f"models/{batch.about['model']}",
        "displayName": batch.about["label"],
        "state": state,
        "createTime": datetime.fromtimestamp(batch.created, UTC).isoformat(),
        "batchStats": {"requestCount": str(len(batch.items))},
    }
    if state == "BATCH_STATE_SUCCEEDED":
        told["output"] = {"inlinedResponses": {"inlinedResponses": [_result(item) for item in batch.items]}}
    return {"name": name, "metadata": told, "done": batch.ended_at is not None}


def _result(item: Item) -> dict[str, Any]:
    told = orjson.loads(item.reply)
    answer = {"response": told} if item.outcome == "answered" else {"error": told["error"]}
    return {**answer, "metadata": {"key": item.name}}


def _missing(question: Question) -> Reply:
    return _refused(f"{question.path} is not found", kind=ErrorKind.NOT_FOUND)


def _refused(message: str, kind: ErrorKind = ErrorKind.INVALID_REQUEST) -> Reply:
    return routes.WIRE.error(kind, Trouble("", "batches", message=message), None, 0)
