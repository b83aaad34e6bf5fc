"""The `perdure` command: the roof, the one room that may see both the workers and the API."""

from cli.app import main

__all__ = ["main"]
