"""Schema changes, in order. Applied at start under an advisory lock; safe to run while older workers live."""
