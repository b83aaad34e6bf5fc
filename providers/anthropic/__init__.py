"""Anthropic's messages, over the official SDK (docs.anthropic.com, "Messages")."""
