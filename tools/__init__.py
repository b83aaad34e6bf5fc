"""Adapters of side effects: what a model or a pipeline may call besides models."""
