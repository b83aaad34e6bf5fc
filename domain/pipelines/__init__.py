"""Pipelines: reading a definition, checking it, bounding what it may cost, rendering what it says."""
