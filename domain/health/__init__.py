"""What measured calls say: decaying windows, and the breaker as a state machine."""
