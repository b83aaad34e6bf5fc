"""Do: a decision meets the world."""
