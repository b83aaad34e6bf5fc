"""Open: HTTP, server-sent events."""
