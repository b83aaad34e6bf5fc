"""From HTML to plain text that a model can read: headings, lists, tables, links; no scripts, styles or hidden parts."""

import re
from dataclasses import dataclass
from typing import assert_never
from urllib.parse import urljoin

from tools.web.tokens import End, Start, Text, tokens

# fmt: off
_SKIPPED = frozenset((
    "script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed", "select", "textarea", "button",
))
_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
))
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
    "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))
# fmt: on
_OPTIONAL_END = frozenset(("li", "p", "td", "th", "tr", "dt", "dd"))
"""Elements that may end without a tag of their own (html.spec.whatwg.org, 13.1.2.4)."""
_LINES = frozenset(("li", "tr", "td", "th"))
_MAX_DEPTH = 500
"""Elements inside a hidden one that are told apart; browsers stop near it as well."""
_KEPT = "\x1f"
"""Stands for a space of preformatted text, whose lines keep their indentation, until all is tidied."""
_CELLS = frozenset({"td", "th"})
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}


@dataclass(frozen=True, slots=True)
class Page:
    """A page's title and text."""

    title: str
    text: str


def read_page(html: str, *, base_url: str = "") -> Page:
    """The readable text of a page. Links become `[text](absolute URL)`, of http and https alone."""
    reader = _Reader(base_url)
    for token in tokens(html):
        match token:
            case Start(name, attributes):
                reader.begin(name, attributes)
            case End(name):
                reader.end(name)
            case Text(text):
                reader.say(text)
            case _:
                assert_never(token)
    return Page(_one_line("".join(reader.title)), _tidy("".join(reader.out)))


class _Reader:
    def __init__(self, base_url: str) -> None:
        self.out: list[str] = []
        self.title: list[str] = []
        self._base = base_url
        self._hidden: list[str] = []
        self._in_title = False
        self._links: list[str | None] = []
        self._preformatted = 0

    def begin(self, tag: str, given: dict[str, str]) -> None:
        """An element begins."""
        if tag == "body" or (self._hidden == [tag] and tag in _OPTIONAL_END):
            self._hidden.clear()
        if tag == "title" and not self._hidden:
            self._in_title = True
        elif self._hidden or tag in _SKIPPED or _is_hidden(given):
            if tag not in _VOID and len(self._hidden) < _MAX_DEPTH:
                self._hidden.append(tag)
        elif tag == "a":
            self._links.append(self._target(given.get("href", "")))
            self.out.append("[" if self._links[-1] else "")
        elif tag == "img":
            self.out.append(f"[image: {given['alt']}]" if given.get("alt") else "")
        elif tag == "br":
            self.out.append("\n")
        elif tag in _CELLS:
            self.out.append(" | ")
        elif tag in _BLOCKS:
            self.out.append("\n" if tag in _LINES else "\n\n")
            self.out.append(f"{_HEADINGS[tag]} " if tag in _HEADINGS else "- " if tag == "li" else "")
            self._preformatted += tag == "pre"

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "title" and self._in_title:
            self._in_title = False
        elif self._hidden:
            if tag in self._hidden:
                # A tag that was never closed ends with the one around it.
                del self._hidden[len(self._hidden) - 1 - self._hidden[::-1].index(tag) :]
            elif self._hidden[0] in _OPTIONAL_END and tag in _BLOCKS:
                self._hidden.clear()
        elif tag == "a" and self._links:
            target = self._links.pop()
            self.out.append(f"]({target})" if target else "")
        elif tag in _BLOCKS:
            self.out.append("\n" if tag in _LINES else "\n\n")
            self._preformatted -= tag == "pre" and self._preformatted > 0

    def say(self, text: str) -> None:
        """Text."""
        if self._in_title:
            self.title.append(text)
        elif not self._hidden:
            self.out.append(text.replace(" ", _KEPT) if self._preformatted else re.sub(r"\s+", " ", text))

    def _target(self, href: str) -> str | None:
        try:
            url = urljoin(self._base, href.strip())
        except ValueError:
            return None
        return url if url.startswith(("http://", "https://")) and not href.startswith("#") else None


def _is_hidden(given: dict[str, str]) -> bool:
    style = re.sub(r"\s", "", given.get("style") or "").lower()
    return (
        "hidden" in given
        or given.get("aria-hidden") == "true"
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tidy(text: str) -> str:
    lines = [line.strip(" \t\r\f\v") for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).replace(_KEPT, " ").rstrip().strip("\n")
