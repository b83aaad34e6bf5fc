"""Bodies and chunks read straight through the adapter's readers, without a connection."""

from collections.abc import Iterable
from typing import Any

from providers.collect import Answer, Collector
from providers.openai.chat_answer import ChatReader
from providers.openai.encoding import Encoded
from providers.openai.responses_answer import ResponsesReader

NOTHING = Encoded({}, (), ())


def read_chat(chunks: Iterable[dict[str, Any]], *, whole: bool = False) -> Answer:
    """The answer in chat chunks, or in a body."""
    return _fold(ChatReader("openai", "turn/1/1", NOTHING), chunks, whole)


def read_responses(events: Iterable[dict[str, Any]], *, whole: bool = False) -> Answer:
    """The answer in events of the responses wire, or in a body."""
    return _fold(ResponsesReader("openai", "key", NOTHING), events, whole)


def _fold(reader: ChatReader | ResponsesReader, bodies: Iterable[dict[str, Any]], whole: bool) -> Answer:
    collector = Collector()
    for body in bodies:
        for event in reader.read_whole(body) if whole else reader.read(body):
            collector.add(event)
    for event in reader.end():
        collector.add(event)
    assert collector.started is not None
    assert collector.finished is not None
    return Answer(collector.parts(), collector.finished)
