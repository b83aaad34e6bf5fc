"""The simulator, driven with the vendors' own clients."""
