"""Logs, metrics and traces of every process. Never personal data (R28)."""

from chassis.imports import without

# structlog would have it colour the tracebacks that are never logged (R28): 5 MB
with without("rich"):
    import structlog as structlog
