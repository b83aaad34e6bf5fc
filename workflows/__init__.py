"""When: deterministic sequence. Speaks only in contracts."""
