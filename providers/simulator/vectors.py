"""Embeddings: texts with common words lie near each other, equal texts at one place. Deterministic, length 1."""

import math
from functools import lru_cache
from hashlib import blake2b

_PLACES = 12


@lru_cache(maxsize=1024)
def vector(text: str, dimensions: int) -> tuple[float, ...]:
    """The vector of `text`: each of its words adds to a dozen places."""
    made = [0.0] * dimensions
    for word in text.lower().split() or [""]:
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=_PLACES * 4).digest()
        for start in range(0, len(digest), 4):
            drawn = int.from_bytes(digest[start : start + 4], "big")
            made[(drawn >> 1) % dimensions] += 1.0 if drawn & 1 else -1.0
    norm = math.sqrt(sum(value * value for value in made)) or 1.0
    return tuple(value / norm for value in made)
