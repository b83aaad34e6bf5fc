"""The words of an answer: derived from the prompt and a seed, so that every wire and every retry says the same.

An answer of n tokens is a prefix of every longer answer to the same prompt: an answer that was cut can be gone on with.
"""

from hashlib import shake_256

_LEXICON = (
    "the river keeps its own slow time and every stone knows where light fell before rain came down over green "
    "hills while small birds carry seeds from garden to harbour under a wide sky that turns silver into gold as "
    "people walk home along old roads with bread salt maps letters lamps songs about ships stars winter honey "
    "paper clocks bridges orchards windows copper chalk thunder meadow lantern compass velvet ember willow anchor "
    "marble cedar amber canvas ribbon pebble harvest island signal timber basket candle feather granite hollow "
    "jasmine kettle ladder mirror needle oyster "
)
_WORDS = tuple(_LEXICON.split())
_SENTENCES = 3


def _sentence(key: bytes, number: int) -> list[str]:
    """One sentence of nine to thirteen tokens, its full stop included."""
    draw = shake_256(key + number.to_bytes(4, "big")).digest(13)
    length = 8 + draw[12] % 5
    return [" " + _WORDS[byte % len(_WORDS)] for byte in draw[:length]] + ["."]


def answer_pieces(prompt: str, seed: int, *, length: int | None = None, opening: str = "Simulated answer") -> list[str]:
    """The tokens of the answer to `prompt`: `length` of them, or three sentences. It begins with `opening`'s two words."""
    key = f"{seed}\x00{prompt}".encode("utf-8", "surrogatepass")
    first, second = opening.split()
    made = [first, f" {second}", ":"]
    number = 0
    while len(made) < length if length is not None else number < _SENTENCES:
        made += _sentence(key, number)
        number += 1
    return made if length is None else made[:length]


def reasoning_pieces(prompt: str, seed: int, *, length: int | None = None) -> list[str]:
    """The tokens of the thought before the answer; by default sixteen."""
    return answer_pieces(
        prompt + "\x00thought", seed, length=16 if length is None else length, opening="Simulated reasoning"
    )
