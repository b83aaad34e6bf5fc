"""What the simulator's own models cost, so that money can be tried without spending any."""

from decimal import Decimal

SIMULATED_MODEL_PREFIX = "sim-"
SIMULATED_PRICES = {"input_mtok": Decimal("0.50"), "cache_read_mtok": Decimal("0.05"), "output_mtok": Decimal("2.00")}
"""USD per million tokens of the simulator's own models."""
