"""How processes log: structured lines on standard error. Prompts and secrets are never handed to a logger."""

import logging
import sys
import traceback
from types import TracebackType

import structlog
from temporalio.exceptions import ApplicationError

from contracts.errors import PerdureError
from settings import Settings

_NOISY = ("httpx", "httpx2", "openai", "anthropic", "google_genai", "uvicorn.access", "alembic")
_INNERMOST = 8
"""How many frames of a trace are logged, from where it failed outwards; before that are the frameworks' routes to us."""


def configure_logs(settings: Settings) -> None:
    """Set up structlog and the standard library's loggers for this process."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_error,
    ]
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop_record, renderer])
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def name_error(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Say of an exception its type and, unless it is one of ours, where it came from.

    Neither the words of a foreign exception nor the values of variables are logged: both may quote a prompt or a secret. Our own
    errors have messages that are fit to be read.
    """
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, PerdureError | ApplicationError):
        event["error"] = str(error)
    elif isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = _where(error.__traceback__)
    return event


def _where(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-_INNERMOST:]
    return " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)


def _drop_record(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)
