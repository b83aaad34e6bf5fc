"""HTML in pieces, in one pass.

The standard library's parser takes minutes over a hostile page, since it looks for the end of every unclosed tag anew.
Here, as in browsers (html.spec.whatwg.org, 13.2.5), a tag, comment or script that never ends takes the rest of the page with it.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_RAW = frozenset(("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"))
"""Elements whose content is text up to their end tag."""
_NAME = re.compile(r"[a-zA-Z][^\s/>]*+")
_ATTRIBUTE = re.compile(r"[\s/]*+([^\s/>][^\s/>=]*+)?+\s*+(=)?+\s*+")
_UNQUOTED = re.compile(r"[^\s>]*+")


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag: its name and attributes in lower case, the first of each attribute."""

    name: str
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Text, its character references resolved."""

    text: str


def tokens(page: str) -> Iterator[Start | End | Text]:
    """The page's tags and texts in order."""
    at = 0
    while at < len(page):
        tag = page.find("<", at)
        if tag < 0:
            yield Text(_unescaped(page[at:]))
            return
        if tag > at:
            yield Text(_unescaped(page[at:tag]))
        following = page[tag + 1 : tag + 2]
        if following in ("!", "?", "/"):
            end = _end_of_closed(page, tag)
            name = _NAME.match(page, tag + 2) if following == "/" else None
            if end < 0:
                return
            if name:
                yield End(name[0].lower())
            at = end
        elif name := _NAME.match(page, tag + 1):
            attributes, at = _attributes(page, name.end())
            if at < 0:
                return
            start = Start(name[0].lower(), attributes)
            yield start
            if start.name in _RAW:
                closing = re.compile(rf"</{start.name}(?=[\s/>])", re.IGNORECASE | re.ASCII).search(page, at)
                if closing is None:
                    return
                yield Text(_unescaped(page[at : closing.start()]))
                at = closing.start()
        else:
            yield Text("<")
            at = tag + 1


def _end_of_closed(page: str, tag: int) -> int:
    """Where a comment, declaration or end tag ends; below 0 where it does not."""
    if page.startswith("<!--", tag):
        end = page.find("-->", tag + 2)
        return end + 3 if end >= 0 else -1
    end = page.find(">", tag)
    return end + 1 if end >= 0 else -1


def _attributes(page: str, at: int) -> tuple[dict[str, str], int]:
    """A start tag's attributes and where it ends; below 0 where it does not."""
    found: dict[str, str] = {}
    while at < len(page):
        if page[at] == ">":
            return found, at + 1
        match = _ATTRIBUTE.match(page, at)
        if match is None or match.end() == at:
            at += 1
            continue
        name, at, value = (match[1] or "").lower(), match.end(), ""
        if match[2]:
            quote = page[at : at + 1]
            if quote in ('"', "'"):
                end = page.find(quote, at + 1)
                if end < 0:
                    return found, -1
                value, at = page[at + 1 : end], end + 1
            elif unquoted := _UNQUOTED.match(page, at):
                value, at = unquoted[0], unquoted.end()
        if name:
            found.setdefault(name, _unescaped(value))
    return found, -1


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:
        # A numeric reference of thousands of digits.
        return text
