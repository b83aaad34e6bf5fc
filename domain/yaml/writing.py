"""Plain values as YAML that reads back equal."""

import re
from typing import Any

from domain.yaml.scalars import resolve

_ESCAPED = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def to_yaml(document: Any, *, blocks: bool = False) -> str:
    """Plain values as YAML that reads back equal. `blocks` writes texts of several lines as such, where nothing is lost by it."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes whatever a reader of either YAML version would take for something else; writes no anchors."""

        def ignore_aliases(self, data: object) -> bool:
            return True

        def represent_str(self, word: str) -> yaml.ScalarNode:
            style = "|" if blocks and _is_block(word) else _style(word)
            return self.represent_scalar("tag:yaml.org,2002:str", word, style=style)

    Dumper.add_representer(str, Dumper.represent_str)

    written: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return written


def _is_block(word: str) -> bool:
    """Several lines, none of which ends or begins the text with spaces, and no character that a block would change."""
    lines = word.split("\n")
    return (
        len(lines) > 1
        and not _ESCAPED.search(word.replace("\n", ""))
        and bool(word.strip())
        and not any(line != line.rstrip() for line in lines)
        and not word.startswith((" ", "\n"))
    )


def _style(word: str) -> str | None:
    """PyYAML quotes by YAML 1.1 alone, and loses line breaks that it writes as such."""
    if _ESCAPED.search(word):
        return '"'
    try:
        return None if resolve(word) == word else "'"
    except ValueError:
        return "'"
