"""What a plain word in YAML means, by the core schema of YAML 1.2 (specification, 10.3.2).

YAML 1.1, which most parsers read, takes the country code `no` for false and `1:30` for ninety.
"""

import math
import re

from domain.yaml.nodes import Scalar

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_LONGEST = 100


def resolve(word: str) -> Scalar:
    """The value of a word without quotes. Raises ValueError for a number that is not finite, or longer than 100 digits."""
    if word in _NULL:
        return None
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if _NOT_FINITE.match(word):
        raise ValueError(f"{word} is not a finite number")
    number = _INT.match(word) or _BASED.match(word) or _FLOAT.match(word)
    if number is None:
        return word
    if len(word) > _LONGEST:
        raise ValueError("the number is too long")
    if _INT.match(word):
        return int(word)
    if _BASED.match(word):
        return int(word, 0)
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"{word} is not a finite number")
    return value
