"""What we say: typed messages, the activity seam, names and error kinds. Replay-stable, additive only."""
