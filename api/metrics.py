"""What the doors have done, for Prometheus, in a registry of their own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The API's figures. Labels are routes, statuses and doors: never anything that a caller chose."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "perdure_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "perdure_request_seconds", "Seconds to the answer's head, by route.", ["route"], registry=self.registry
        )
        self.open = Gauge("perdure_requests_open", "Requests being answered, streams included.", registry=self.registry)
        self.streams = Gauge("perdure_streams_open", "Event streams being read.", registry=self.registry)
        self.accepted = Counter(
            "perdure_turns_accepted", "Turns accepted; a key sent again is not counted.", registry=self.registry
        )
        self.diverged = Counter(
            "perdure_streams_diverged",
            "Streams ended because a new attempt said something else than what was sent.",
            registry=self.registry,
        )

    def render(self) -> bytes:
        """The figures in Prometheus's text format."""
        return generate_latest(self.registry)
