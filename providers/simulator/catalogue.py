"""The models that the simulator lists: those that a name bends, and a few real names. Any other name is answered as well."""

from providers.simulator.directives import MISSING, NAMED

_DIRECTED = tuple(name for name in NAMED if name != MISSING)
LISTED = {
    "openai": (
        *_DIRECTED,
        "gpt-5.2",
        "gpt-5-mini",
        "gpt-4o",
        "gpt-4o-mini",
        "text-embedding-3-small",
        "text-embedding-3-large",
    ),
    "anthropic": (*_DIRECTED, "claude-opus-4-6", "claude-sonnet-4-5", "claude-haiku-4-5"),
    "google": (*_DIRECTED, "gemini-2.5-pro", "gemini-2.5-flash", "gemini-3-pro-preview", "gemini-embedding-001"),
}
CREATED = 1_767_225_600
"""When every listed model was made: 2026-01-01, in Unix seconds."""
CREATED_ISO = "2026-01-01T00:00:00Z"
