"""Anthropic's Claude over the anthropic SDK."""
