"""What a text shows without being understood: lengths, numbers, code, formulas, options, and words that name a kind of work."""

import math
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from domain.classifying import words
from domain.classifying.counting import UNSPACED, occurrences

Measure: TypeAlias = Callable[[str], float]

_WORD: Final = re.compile(r"\w+")


def _count(pattern: str, flags: int = 0) -> Measure:
    """The logarithm of one more than how often a pattern occurs."""
    compiled = re.compile(pattern, flags)
    return lambda text: math.log1p(sum(1 for _ in compiled.finditer(text)))


def _share(pattern: str) -> Measure:
    """How many of the text's characters match, from 0 to 1."""
    compiled = re.compile(pattern)
    return lambda text: len(compiled.findall(text)) / max(1, len(text))


def _opens(pattern: str) -> Measure:
    compiled = re.compile(rf"\W*(?:{pattern})(?!\w)", re.IGNORECASE)
    return lambda text: float(compiled.match(text) is not None)


def _length(text: str) -> float:
    return math.log1p(len(text))


def _longest_sentence(text: str) -> float:
    return math.log1p(max(len(part) for part in re.split(r"[.!?。！？\n]", text)))


def _asks_last(text: str) -> float:
    return float(text.rstrip().endswith(("?", "？")))


MEASURES: Final[dict[str, Measure]] = {
    "length": _length,
    "lines": _count(r"\n"),
    "sentences": _count(r"[.!?。！？](?:\s|$)"),
    "longest sentence": _longest_sentence,
    "capitalised words": _count(r"(?<=[a-z,] )[A-Z][a-z]"),
    "digits": _share(r"\d"),
    "numbers": _count(r"\d+(?:[.,]\d+)*"),
    "large numbers": _count(r"\d{4,}|\d+,\d{3}"),
    "percentages and money": _count(r"\d\s?%|[$€£¥]\s?\d"),
    "formula signs": _share(r"[=+*/^<>≤≥∫∑√∂∇→∀∃∧∨¬≡⊃±°\\]"),
    "single letters": _count(r"(?<![\w'’.])[b-hj-zB-HJ-Z](?![\w'’.])"),
    "question marks": _count(r"[?？]"),
    "ends in a question": _asks_last,
    "opens with what": _opens(r"what|what's|which|was|qué|quel\w*|что"),
    "opens with who, when or where": _opens(
        r"who|when|where|wer|wann|wo|qui|quand|où|quién|cuándo|dónde|кто|когда|где"
    ),
    "opens with how": _opens(r"how|wie|comment|cómo|как"),
    "opens with why": _opens(r"why|warum|pourquoi|por qué|почему"),
    "opens with is or can": _opens(r"is|are|can|do|does|did|will|has|have|could"),
    "opens with write": _opens(r"write|create|compose|make|draft|give me|schreib\w*|écris|escribe|напиши"),
    "fences": _count(r"```"),
    "code signs": _share(r"[{}();\[\]_`|&]"),
    "code words": _count(
        r"\b(?:def|class|function|return|import|const|let|var|public|static|void|SELECT|FROM|WHERE|INSERT|fn|func)"
        r"\b(?=[ (*])"
    ),
    "indented lines": _count(r"(?m)^(?: {2,}|\t)\S"),
    "joined names": _count(r"\b[a-z]+(?:_[a-z]+|[A-Z][a-z]+)|\w+\.\w+\("),
    "errors": _count(r"\b\w*(?:Error|Exception)\b|stack ?trace|Traceback|Segmentation"),
    "quotes": _count(r"[\"“”«»「」„]"),
    "text after a colon": _count(r":\s*[\n\"“«A-Z\d]"),
    "letters beyond ASCII": _share(r"[^\x00-\x7f]"),
    "unspaced script": _share(UNSPACED),
    "options": _count(r"(?m)^\s*\(?[A-Ha-h][.):]\s"),
    "numbered statements": _count(r"(?m)\b(?:I{1,3}|IV)[.)]|[Ss]tatement \d|^\s*\d[.)]\s"),
    "blanks": _count(r"_{3,}|\.{4,}"),
    "answer wanted": _count(r"(?i)answer:\s*$"),
    "denials": _count(rf"\b(?:{words.DENIAL})\b"),
}

WORDS: Final = ("words", "word length", "long words", "distinct words")

FLAGS: Final = ("has tools", "has schema", "has images")

NAMES: Final = (*MEASURES, *WORDS, *words.KINDS, *FLAGS)
"""The features in the order in which the head's weights expect them."""


def measure(text: str, *, has_tools: bool, has_schema: bool, has_images: bool) -> list[float]:
    """One number per name in `NAMES`. The text should be cleaned and bounded before (see `excerpt`)."""
    found = _WORD.findall(text.lower())
    many = max(1, len(found))
    return [
        *(of(text) for of in MEASURES.values()),
        math.log1p(len(found)),
        sum(map(len, found)) / many / 10,
        sum(len(word) >= 9 for word in found) / many,
        len(set(found)) / many,
        *(math.log1p(times) for times in occurrences(text, found)),
        float(has_tools),
        float(has_schema),
        float(has_images),
    ]
