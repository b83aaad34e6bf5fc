"""`python -m workers.embedded.serve_local_model WEIGHTS PORT`: serve a model file until SIGINT or SIGTERM."""

import signal
import sys
from typing import Any

from workers.embedded.local_model import MODEL_NAME

_CONTEXT = 8192
"""Tokens of a request and its answer: what the model was trained for."""
_AT_ONCE = 2
_BATCH = 256
"""Tokens of a prompt that are read at a time."""


def main() -> None:
    """Serve; llama.cpp's own server runs in threads of this process and answers on the loopback."""
    weights, port = sys.argv[1:]
    import xllamacpp

    parameters: Any = xllamacpp.CommonParams()
    parameters.model.path = weights
    parameters.model_alias = {MODEL_NAME}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(port)
    # The window is shared out among the requests that run at once.
    parameters.n_ctx = _CONTEXT * _AT_ONCE
    parameters.n_parallel = _AT_ONCE
    # While a part of one request's prompt is read the other's answer stands still.
    parameters.n_batch = _BATCH
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    server = xllamacpp.Server(parameters)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    del server


if __name__ == "__main__":
    main()
