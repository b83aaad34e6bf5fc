"""What the head is given for a text: its embedding, then its features."""

from typing import TYPE_CHECKING

from domain.classifying.embedding import embed
from domain.classifying.excerpt import clean, shorten
from domain.classifying.features import measure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def inputs(text: str, *, has_tools: bool, has_schema: bool, has_images: bool) -> "NDArray[np.float64]":
    """The 512 numbers of the embedding of the text's first and last parts, then one per name of `features.NAMES`."""
    import numpy as np

    kept = clean(text)
    seen = measure(kept, has_tools=has_tools, has_schema=has_schema, has_images=has_images)
    return np.concatenate([embed([shorten(kept)])[0].astype(np.float64), np.array(seen)])
