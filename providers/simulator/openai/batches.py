"""OpenAI's batches and the files that go with them.

Shapes: platform.openai.com/docs/api-reference/batch and /files, and the SDK's types.
"""

from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.batch_door import BatchRoute, Question
from providers.simulator.batches import WINDOW, Batch, Item
from providers.simulator.multipart import read_form
from providers.simulator.openai import routes
from providers.simulator.replies import Reply, Trouble

_ENDPOINTS = ("/v1/chat/completions", "/v1/responses")


def find(method: str, path: str) -> BatchRoute | None:
    """Who answers at `path`, which begins after `/openai/v1`; None where it is no path of batches."""
    pieces = path.removeprefix("/").split("/")
    match method, pieces:
        case "POST", ["files"]:
            return BatchRoute(routes.WIRE, path, _upload)
        case "GET", ["files", _, "content"]:
            return BatchRoute(routes.WIRE, path, _content)
        case "POST", ["batches"]:
            return BatchRoute(routes.WIRE, path, _create, creates=True)
        case "GET", ["batches"]:
            return BatchRoute(routes.WIRE, path, _list)
        case "GET", ["batches", _]:
            return BatchRoute(routes.WIRE, path, _show)
        case "POST", ["batches", _, "cancel"]:
            return BatchRoute(routes.WIRE, path, _cancel)
        case _:
            return None


def _upload(question: Question) -> Reply:
    form = read_form(question.connection.header(b"content-type") or "", question.body)
    name, content = form["file"]
    identity = f"file-{question.state.identity()}"
    question.batches.files[identity] = (question.key, name, content)
    shown = {"id": identity, "object": "file", "bytes": len(content), "filename": name, "purpose": "batch"}
    return Reply.of(200, {**shown, "created_at": int(question.state.clock()), "status": "processed"})


def _content(question: Question) -> Reply:
    identity = question.path.split("/")[2]
    kind, _, batch_id = identity.partition("-of-")
    if batch_id:
        batch = question.batches.find(question.state, "openai", question.key, batch_id)
        if batch is None:
            return _missing(identity)
        lines = [_line(question, item) for item in batch.items if (item.outcome == "answered") == (kind == "output")]
        return Reply(200, b"".join(orjson.dumps(line) + b"\n" for line in lines))
    key, _, content = question.batches.files.get(identity, ("", "", b""))
    return Reply(200, content) if key == question.key else _missing(identity)


def _line(question: Question, item: Item) -> dict[str, Any]:
    response, error = None, None
    if item.outcome in ("answered", "failed"):
        response = {"status_code": item.status, "request_id": item.name, "body": orjson.loads(item.reply)}
    else:
        error = {"code": f"batch_{item.outcome}", "message": "This request could not be executed in time."}
    return {"id": f"batch_req_{item.name}", "custom_id": item.name, "response": response, "error": error}


def _create(question: Question) -> Reply:
    asked = orjson.loads(question.body)
    key, _, content = question.batches.files.get(asked["input_file_id"], ("", "", b""))
    if key != question.key:
        return _missing(asked["input_file_id"])
    endpoint = asked["endpoint"]
    if endpoint not in _ENDPOINTS or asked.get("completion_window") != "24h":
        return _refused("Invalid value for endpoint or completion_window.")
    target = routes.find("POST", endpoint.removeprefix("/v1"))
    assert target is not None
    lines = [orjson.loads(line) for line in content.splitlines() if line.strip()]
    names = [line["custom_id"] for line in lines]
    if len(set(names)) < len(names) or any((one["method"], one["url"]) != ("POST", endpoint) for one in lines):
        return _refused("A line has another url than the batch, or a custom_id that another has.")
    items = [Item(line["custom_id"], target, line["body"]) for line in lines]
    about = {name: asked.get(name) for name in ("input_file_id", "endpoint", "metadata")}
    batch = question.batches.open(question.state, "openai", question.key, items, question.behaviour, **about)
    return Reply.of(200, _shown(batch))


def _list(question: Question) -> Reply:
    query = question.connection.query()
    found = question.batches.of(question.state, "openai", question.key)
    if after := query.get("after"):
        ids = [batch.id for batch in found]
        found = found[ids.index(after.removeprefix("batch_")) + 1 :]
    limit = int(query.get("limit", 20))
    shown = [_shown(batch) for batch in found[:limit]]
    ends = {"first_id": shown[0]["id"] if shown else None, "last_id": shown[-1]["id"] if shown else None}
    return Reply.of(200, {"object": "list", "data": shown, **ends, "has_more": len(found) > limit})


def _show(question: Question) -> Reply:
    batch = _named(question)
    return _missing(question.path) if batch is None else Reply.of(200, _shown(batch))


def _cancel(question: Question) -> Reply:
    batch = _named(question)
    if batch is None:
        return _missing(question.path)
    question.batches.cancel(question.state, batch)
    return Reply.of(200, _shown(batch))


def _named(question: Question) -> Batch | None:
    identity = question.path.split("/")[2].removeprefix("batch_")
    return question.batches.find(question.state, "openai", question.key, identity)


def _shown(batch: Batch) -> dict[str, Any]:
    status = "in_progress"
    if batch.ended_at is not None:
        status = "cancelled" if batch.cancelled_at is not None else "expired" if batch.expired else "completed"
    answered, failed = batch.count("answered"), batch.count("failed", "expired", "cancelled")
    ended = int(batch.ended_at) if batch.ended_at is not None else None
    return {
        "id": f"batch_{batch.id}",
        "object": "batch",
        "errors": None,
        "completion_window": "24h",
        "status": status,
        "output_file_id": f"output-of-{batch.id}" if ended is not None and answered else None,
        "error_file_id": f"error-of-{batch.id}" if ended is not None and failed else None,
        "created_at": int(batch.created),
        "expires_at": int(batch.created) + WINDOW,
        "completed_at": ended if status == "completed" else None,
        "expired_at": ended if status == "expired" else None,
        "cancelled_at": ended if status == "cancelled" else None,
        "request_counts": {"total": len(batch.items), "completed": answered, "failed": failed},
        **batch.about,
    }


def _missing(what: str) -> Reply:
    return _refused(f"No such object: {what}", kind=ErrorKind.NOT_FOUND)


def _refused(message: str, kind: ErrorKind = ErrorKind.INVALID_REQUEST) -> Reply:
    return routes.WIRE.error(kind, Trouble("", "batches", message=message), None, 0)
