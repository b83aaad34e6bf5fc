"""What a deployment writes down about its tools: `tools.yaml` and the integrations that it names, each mistake with its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from domain.yaml.composing import compose
from domain.yaml.explaining import explained
from domain.yaml.nodes import dotted, end_of, place_of, plain
from tools.integrations.declaration import Integration
from tools.stanzas import ToolsStanza

DEFAULT_NAME = "tools.yaml"

_Model = TypeVar("_Model", bound=BaseModel)


class ToolsFileError(ValueError):
    """A file about tools cannot be used. The message has a line for each mistake, with file, line and column."""


@dataclass(frozen=True, slots=True)
class ToolFiles:
    """What was read. `path` is the tools file, None where there is none."""

    stanza: ToolsStanza
    integrations: tuple[Integration, ...] = ()
    path: Path | None = None


def read_tool_files(named: Path | None) -> ToolFiles:
    """The file that settings name, else `tools.yaml` in the working directory, where there is one; and its integrations.

    Paths in it are relative to it. Raises ToolsFileError.
    """
    path = (named or Path(DEFAULT_NAME)).absolute()
    if named is None and not path.exists():
        return ToolFiles(ToolsStanza())
    stanza = read_document(_text(path), ToolsStanza, source=path.name, thing="a tools file")
    files = _yaml_files(path.parent, stanza.integrations)
    found = tuple(read_document(_text(file), Integration, source=file.name, thing="an integration") for file in files)
    if stanza.files is not None:
        rooted = stanza.files.model_copy(update={"root": path.parent / stanza.files.root})
        stanza = stanza.model_copy(update={"files": rooted})
    return ToolFiles(stanza, found, path)


def read_document(text: str, model: type[_Model], *, source: str, thing: str) -> _Model:
    """A YAML or JSON text as a `model`. Raises ToolsFileError with everything that is wrong, in the order of the text."""
    node, found = compose(text, thing=thing, empty="write {} for one that says nothing")
    problems = [((at.line, at.column) if at else (0, 0), "", said) for said, at in found]
    if node is not None:
        try:
            made = model.model_validate(plain(node))
            if not problems:
                return made
        except ValidationError as error:
            for fault in explained(error, model):
                place = place_of(node, fault.path, name=fault.at_name) or node.place
                problems.append(((place.line, place.column), dotted(fault.path), fault.message))
    raise ToolsFileError("\n".join(_line(source, *one) for one in sorted(problems)))


def _line(source: str, place: tuple[int, int], field: str, message: str) -> str:
    where = f"{source}:{place[0]}:{place[1]}" if place[0] else source
    return f"{where}: {field}: {message}" if field else f"{where}: {message}"


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ToolsFileError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = end_of(content[: error.start].decode("utf-8-sig"))
        raise ToolsFileError(f"{path.name}:{place.line}:{place.column}: the text is not UTF-8") from None


def _yaml_files(folder: Path, paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in (folder / one for one in paths):
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        elif path.is_file():
            found.append(path)
        else:
            raise ToolsFileError(f"there is no integration {path}: name a YAML file or a folder of them")
    return found
