"""An error's reply, and the three ways in which a vendor says when to come back."""

import math
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import orjson

from providers.simulator.behaviour import Fault

Headers = tuple[tuple[bytes, bytes], ...]
HTML: Headers = ((b"content-type", b"text/html"),)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer that is not a success. `body` is JSON unless `headers` say otherwise."""

    status: int
    body: bytes
    headers: Headers = ()

    @classmethod
    def of(cls, status: int, content: Any, headers: Headers = ()) -> "Reply":
        """A reply with `content` as JSON."""
        return cls(status, orjson.dumps(content), headers)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error's words are made of: the model asked, the prompt's size and the model's window, in tokens.

    `message`, `param` and `code` replace the vendor's words for an invalid request, where the request told what is wrong.
    """

    model: str
    endpoint: str
    stream: bool = False
    input_tokens: int = 0
    window: int | None = None
    message: str | None = None
    param: str | None = None
    code: str | None = None

    def overflow(self, usual: int) -> tuple[int, int]:
        """The model's window (`usual` where none was set) and a prompt's size beyond it."""
        window = self.window if self.window is not None else usual
        return window, self.input_tokens if self.input_tokens > window else window + self.input_tokens


def retry_after_headers(fault: Fault | None, now: float, *, usual: str | None = "seconds") -> Headers:
    """`Retry-After` as the fault wants it; `usual` is the format where it names none (None: this vendor sends no header).

    Milliseconds go into `retry-after-ms`, which OpenAI sends and both OpenAI's and Anthropic's clients read.
    `now` is wall time in seconds.
    """
    if fault is None or fault.retry_after is None:
        return ()
    match fault.retry_after_format or usual:
        case "seconds":
            return ((b"retry-after", f"{fault.retry_after:g}".encode()),)
        case "milliseconds":
            return ((b"retry-after-ms", f"{fault.retry_after * 1000:g}".encode()),)
        case "http-date":
            return ((b"retry-after", formatdate(math.ceil(now + fault.retry_after), usegmt=True).encode()),)
        case _:
            return ()
