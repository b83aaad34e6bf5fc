"""Measures: what Perdure adds to a call, as ratios against the same client calling the simulator directly."""
