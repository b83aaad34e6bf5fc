"""Webhooks: where they may lead, and when they are tried again."""
