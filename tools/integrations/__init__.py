"""Integrations: actions on an HTTP API that are declared in YAML."""
