"""Edge: the thin HTTP between the app and the services."""
