"""Logs, metrics and traces of every process. Never personal data (R28)."""

from chassis.imports import without

# structlog would have the one colour the tracebacks that are never logged (R28), 5 MB; nothing here runs in the other's
# light threads, 1 MB
with without("rich"), without("greenlet"):
    import structlog as structlog
