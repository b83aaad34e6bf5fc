"""Every fault that providers have, as the simulator is told to have it, and what is expected of us."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from providers.protocol import Wire
from providers.simulator.control import Simulator
from settings import FurtherProvider

WIRES = ("chat", "responses", "claude", "gemini")
"""The providers by their wire: OpenAI's two, Anthropic's, Google's."""
SIBLING = {"chat": "claude", "responses": "gemini", "claude": "responses", "gemini": "chat"}
"""Who answers for whom: always another wire."""


def stanzas(simulator: Simulator) -> list[FurtherProvider]:
    """The providers' stanzas in the configuration."""
    wires: dict[str, tuple[Wire, str]] = {
        "chat": ("openai-chat", simulator.openai_url),
        "responses": ("openai-responses", simulator.openai_url),
        "claude": ("anthropic", simulator.anthropic_url),
        "gemini": ("google", simulator.google_url),
    }
    return [
        FurtherProvider(name=name, wire=wire, base_url=url, api_key=SecretStr("sim-key"))
        for name, (wire, url) in wires.items()
    ]


LIMITS: dict[str, Any] = {"retry_after": 3, "same_candidate": 2, "only_candidate": 3}
SILENCE = 1.2
"""Seconds of silence that the cases of silence allow."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that every call has.

    `kind`: what the ledger calls it; None: it is no failure. `calls`: how many the faulty model gets while another exists,
    `alone` while none does; `gap`: seconds at least between two of them. `survived_on`: wires on which it is no failure.
    `spreads`: it says something about all models of the provider.
    """

    name: str
    behaviour: dict[str, Any]
    kind: str | None
    calls: int = 2
    alone: int = 3
    gap: float = 0.24
    limits: dict[str, Any] = field(default_factory=dict)
    survived_on: frozenset[str] = frozenset()
    fallback: bool = True
    spreads: bool = False

    def survived(self, wire: str) -> bool:
        """Whether the answer is whole all the same."""
        return self.kind is None or wire in self.survived_on


def _error(kind: str, **more: Any) -> dict[str, Any]:
    return {"error": {"kind": kind, **more}}


def _limited(form: str, seconds: float) -> dict[str, Any]:
    return _error("rate_limited", retry_after=seconds, retry_after_format=form)


FAULTS = (
    Fault("limited-seconds", _limited("seconds", 0.5), "rate_limited", gap=0.48),
    Fault("limited-milliseconds", _limited("milliseconds", 0.5), "rate_limited", gap=0.48),
    Fault("limited-date", _limited("http-date", 1), "rate_limited", alone=2, gap=0.8, limits={"only_candidate": 2}),
    Fault("limited-long", _limited("seconds", 90), "rate_limited", calls=1, alone=1, limits={"step": 60}),
    Fault("overloaded", _error("overloaded"), "overloaded"),
    Fault("unavailable", _error("unavailable"), "unavailable"),
    Fault("dropped", {"drop_connection": True}, "unavailable"),
    Fault("gateway-timeout", _error("timeout"), "timeout", calls=1, alone=2, limits={"only_candidate": 2}),
    Fault(
        "no-first-token",
        {"first_token_delay": 60},
        "timeout",
        calls=1,
        alone=2,
        limits={"first_token": SILENCE, "only_candidate": 2},
    ),
    Fault("stalled", {"stall_after": 4}, "timeout", calls=1, alone=2, limits={"idle": SILENCE, "only_candidate": 2}),
    Fault("cut", {"cut_after": 4}, "unavailable"),
    Fault("cut-cleanly", {"cut_after": 4, "cut_clean": True}, "unavailable"),
    Fault("error-in-stream", _error("overloaded", in_stream=True, after=4), "overloaded"),
    Fault("malformed-event", {"malformed_event_after": 4}, None),
    Fault("no-last-event", {"omit_last_event": True}, "unavailable", survived_on=frozenset({"chat", "claude"})),
    Fault("no-finish", {"omit_finish": True}, "unavailable"),
    Fault("overflow", _error("context_overflow"), "context_overflow", calls=1, alone=1),
    Fault("refused", _error("content_refused"), "content_refused", calls=1, alone=1, fallback=False),
    Fault("invalid", _error("invalid_request"), "invalid_request", calls=1, alone=1, fallback=False),
    Fault("authentication", _error("authentication"), "authentication", calls=1, alone=1, spreads=True),
    Fault("not-found", _error("not_found"), "not_found", calls=1, alone=1),
)
