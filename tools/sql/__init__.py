"""SQL over registered connections, read-only unless they say otherwise."""
