"""Tickets: opens them, gives them their protocol, and keeps their timeline."""
