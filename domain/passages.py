"""A document in passages: stretches of its text, small enough to be judged by what they say, with the headings above them."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

TARGET = 900
"""Characters at which a passage ends with its paragraph."""
MOST = 1_400
"""Characters of the longest."""
OVERLAP = 160
"""Characters of the last sentences that the next passage of the same section begins with."""
_MOST_HEADING = 300
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_SENTENCE = re.compile(r"[.!?…][)\"'”’]*\s+|[。！？]|\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document from character `start`; `heading` names the sections that it is in, outermost first.

    The first of a section begins with its heading.
    """

    heading: str
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or what fits of one. `last`: its paragraph ends with it."""

    start: int
    end: int
    last: bool


def passages(text: str, *, headings: bool) -> list[Passage]:
    """The passages of a text in their order. `headings`: lines that begin with `#` are those of sections (Markdown)."""
    found: list[Passage] = []
    for heading, pieces in _sections(text, headings=headings):
        found += (Passage(heading, start, text[start:end]) for start, end in _packed(pieces) if text[start:end].strip())
    return found


def _sections(text: str, *, headings: bool) -> Iterator[tuple[str, list[_Piece]]]:
    above: list[tuple[int, str]] = []
    pieces: list[_Piece] = []
    paragraph = -1
    fenced = written = False
    at = 0
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        heading = _HEADING.fullmatch(stripped) if headings and not fenced else None
        if headings and stripped.startswith(("```", "~~~")):
            fenced = not fenced
        if (not stripped or heading is not None) and paragraph >= 0:
            pieces += _sentences(text, paragraph, at)
            paragraph, written = -1, True
        if heading is not None:
            # A heading with nothing below it goes with what follows.
            if written:
                yield _path(above), pieces
                pieces, written = [], False
            pieces += _sentences(text, at, at + len(line))
            level = len(heading[1])
            above = [*(one for one in above if one[0] < level), (level, heading[2].rstrip("# \t"))]
        elif stripped and paragraph < 0:
            paragraph = at
        at += len(line)
    if paragraph >= 0:
        pieces += _sentences(text, paragraph, at)
    if pieces:
        yield _path(above), pieces


def _path(above: list[tuple[int, str]]) -> str:
    return " > ".join(title for _, title in above if title)[:_MOST_HEADING]


def _sentences(text: str, start: int, end: int) -> list[_Piece]:
    bounds = [start, *(one.end() for one in _SENTENCE.finditer(text, start, end)), end]
    pieces: list[_Piece] = []
    for first, last in itertools.pairwise(bounds):
        while last - first > MOST:
            space = text.rfind(" ", first + MOST // 2, first + MOST)
            cut = space + 1 if space > 0 else first + MOST
            pieces.append(_Piece(first, cut, last=False))
            first = cut
        if last > first:
            pieces.append(_Piece(first, last, last=last == end))
    return pieces


def _packed(pieces: list[_Piece]) -> Iterator[tuple[int, int]]:
    first = 0
    while first < len(pieces):
        start, after = pieces[first].start, first + 1
        while after < len(pieces) and pieces[after].end - start <= MOST:
            if pieces[after - 1].last and pieces[after - 1].end - start >= TARGET:
                break
            after += 1
        yield start, pieces[after - 1].end
        if after == len(pieces):
            return
        # What the last sentences were about, the next ones may still be.
        following = after
        while following > first + 1 and pieces[after - 1].end - pieces[following - 1].start <= OVERLAP:
            following -= 1
        # A passage has to bring something new.
        room = pieces[after].end - pieces[following].start <= MOST
        first = following if room else after
