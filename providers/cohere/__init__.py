"""Cohere's models, over the v2 chat API."""
