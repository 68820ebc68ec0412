"""What a service says of itself, one JSON line per message; `chassis.metrics` counts. Never personal data (R28)."""

import logging
import sys
import traceback
from functools import partial
from pathlib import Path
from typing import Literal

import orjson
import structlog
from structlog.typing import EventDict

from chassis.observability import tracing

Log = structlog.stdlib.BoundLogger


def configure_logging(service: str, *, form: Literal["json", "console", "auto"], level: str) -> None:
    """Send every log line of this process to standard output, as JSON or, on a terminal, coloured."""
    console = form == "console" or (form == "auto" and sys.stdout.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            partial(_add, service),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        # bytes straight to standard output: there is a line for every message
        logger_factory=structlog.PrintLoggerFactory() if console else structlog.BytesLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")


def _add(service: str, _logger: object, _method: str, line: EventDict) -> EventDict:
    line.setdefault("service", service)
    found = tracing.trace_id()
    if found:
        line["trace_id"] = found
    return line


def logger() -> Log:
    """The process's logger; lines are fixed words with fields."""
    log: Log = structlog.get_logger()
    return log


def where(error: BaseException) -> list[str]:
    """Where an error was raised, innermost last, as `file:line function`; not its words: they may be personal (R28)."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
