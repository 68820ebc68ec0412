"""Plumbing that knows no business word: delivery, storage, requests, health and telemetry of every service."""
