"""Dify's workflow DSL: each node that has a meaning here becomes a step."""
