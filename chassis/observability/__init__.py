"""Logs, metrics and traces of every process. Never personal data (R28)."""
