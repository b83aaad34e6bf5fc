"""`python -m workers.embedded.serve_local_model WEIGHTS PORT`: serve a model file until SIGINT or SIGTERM."""

import signal
import sys
from typing import Any

from workers.embedded.local_model import MODEL_NAME

_CONTEXT = 4096
"""Tokens of a request and its answer; the model was trained for up to 8192."""
_AT_ONCE = 2


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
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    server = xllamacpp.Server(parameters)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    del server


if __name__ == "__main__":
    main()
