"""Keep numpy's matrix library to one thread.

The matrices are small: on two cores a second thread saves a millisecond and, waiting for work in a loop, spends three times the
processor time, a hundred times where the machine is busy. Nothing else in the service multiplies matrices.
"""

import ctypes
from pathlib import Path
from typing import Final

_SETTERS: Final = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)


def keep_to_one() -> bool:
    """Set it for this process. False where numpy was built with another library, which then keeps its own setting."""
    import numpy as np

    package = Path(np.__file__).parent
    for library in (*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")):
        loaded = ctypes.CDLL(str(library))
        for name in _SETTERS:
            setter = getattr(loaded, name, None)
            if setter is not None:
                setter(ctypes.c_int(1))
                return True
    return False
