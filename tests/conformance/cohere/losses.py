"""What may differ between a recorded request and ours, each with its reason. Everything else must be equal."""

import copy
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]


def _no_stream(body: Body) -> None:
    body.pop("stream", None)


def _no_nulls(body: Body) -> None:
    for holder in (body, *body["messages"]):
        for name in [name for name, value in holder.items() if value is None]:
            del holder[name]


def _plain_texts(body: Body) -> None:
    for message in body["messages"]:
        match message.get("content"):
            case [{"type": "text", "text": str() as text}]:
                message["content"] = text
            case [] | "" if message["role"] == "assistant":
                del message["content"]
            case _:
                pass


LOSSES: tuple[tuple[Callable[[Body], None], str], ...] = (
    (_no_stream, "streaming is the adapter's matter, which always streams"),
    (_no_nulls, "null is the same as absent"),
    (_plain_texts, "a list of one text is the same as the text alone, and an assistant's empty content as none"),
)


def normalised(body: Body) -> Body:
    """The body with all that may differ made equal."""
    same: Body = copy.deepcopy(body)
    for make_equal, _reason in LOSSES:
        make_equal(same)
    return same
