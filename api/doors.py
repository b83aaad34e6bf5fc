"""What the doors are built on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from temporalio.client import Client

from api.metrics import Metrics
from contracts.documents import DocumentQuery, FoundPassages, Retriever
from contracts.errors import ErrorKind, PerdureError
from contracts.tools import ToolDefinition, UnavailableTool
from domain.catalog import Catalog, Catalogs
from domain.policies.force import FixedPolicies, Policies
from domain.pricing import STANDARD, PriceBook
from domain.routing.planning import Planning
from storage.database import Database
from storage.streams.log import StreamLog


class KnownTools(Protocol):
    """The tools that models and pipelines may use here."""

    @property
    def unavailable(self) -> tuple[UnavailableTool, ...]:
        """What was written down and cannot be used."""
        ...

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """What there is, by name."""
        ...


class NoTools:
    """Where nobody can say."""

    unavailable: tuple[UnavailableTool, ...] = ()

    def definitions(self) -> tuple[ToolDefinition, ...]:
        """None."""
        return ()


class NoRetriever:
    """Where nobody can look anything up."""

    async def retrieve(self, asked: DocumentQuery) -> FoundPassages:
        """Raises `unavailable`."""
        raise PerdureError(ErrorKind.UNAVAILABLE, "This deployment cannot look anything up.")


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """How large a document may be, in bytes, and how many documents and passages of them a workspace may keep."""

    bytes: int = 1_000_000
    documents: int = 10_000
    passages: int = 50_000


def _no_html(_: str) -> tuple[str, str]:
    raise PerdureError(ErrorKind.INVALID_REQUEST, "This deployment reads no HTML. Send plain text.", field="media_type")


@dataclass(frozen=True, slots=True)
class Doors:
    """The parts that requests work on. `clock` gives the present in UTC; `max_request_bytes` bounds a body,
    `max_batch_bytes` that of a batch.

    `retriever` finds passages of documents, which keep to the limits `documents`; `read_html` gives a page's title and text.
    `price_book` gives a workspace's prices. `callbacks`: results can be told to addresses, as there is a secret to sign them
    with.
    """

    database: Database
    streams: StreamLog
    temporal: Client
    catalogs: Catalogs
    planner: Planning
    clock: Callable[[], datetime]
    max_request_bytes: int
    default_model: str | None
    version: str
    metrics: Metrics = field(default_factory=Metrics)
    policies: Policies = field(default_factory=FixedPolicies)
    price_book: Callable[[UUID], PriceBook] = lambda _: STANDARD
    tools: KnownTools = field(default_factory=NoTools)
    callbacks: bool = False
    retriever: Retriever = field(default_factory=NoRetriever)
    read_html: Callable[[str], tuple[str, str]] = _no_html
    documents: DocumentLimits = DocumentLimits()
    max_batch_bytes: int = 200_000_000

    @property
    def catalog(self) -> Catalog:
        """The models, as far as is known now."""
        return self.catalogs.plain
