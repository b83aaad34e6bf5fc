"""Which pipelines may be run, as models are told it and as calls are checked."""

import re

import pytest
from pydantic import ValidationError

from contracts.tools import RUN_PIPELINE, ToolDefinition
from tests.tools.calls import refusal
from tools.arguments import read_arguments
from tools.pipelines import PipelinesStanza, PipelinesTool
from tools.registry import build
from tools.stanzas import ToolsStanza


def definition(*allow: str) -> ToolDefinition:
    return PipelinesTool(PipelinesStanza(allow=allow)).definition


def allows(found: ToolDefinition, name: str) -> bool:
    try:
        read_arguments(found, f'{{"pipeline": "{name}"}}')
    except Exception:
        return False
    return True


@pytest.mark.parametrize(
    ("allow", "good", "bad"),
    [
        (("a", "b"), ("a", "b"), ("c", "ab", "A", "")),
        (("shared-*",), ("shared-", "shared-x y"), ("share", "xshared-a")),
        (("a.b", "c*d (e)"), ("a.b", "cd (e)", "cxxd (e)"), ("axb", "c d e")),
        (("*",), ("anything", "x/y"), ()),
        (("a|b", "x*"), ("a|b", "x"), ("a", "b")),
    ],
)
def test_names_are_allowed(allow: tuple[str, ...], good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    found = definition(*allow)
    assert [name for name in good if not allows(found, name)] == []
    assert [name for name in bad if allows(found, name)] == []
    pattern = found.parameters["properties"]["pipeline"].get("pattern")
    # ECMA's patterns, which models' vendors read, know no other escapes.
    assert pattern is None or not re.search(r"\\[^.^$+?()\[\]{}|\\/]", pattern)


def test_it_is_there_where_it_is_written_down() -> None:
    def names(stanza: ToolsStanza) -> list[str]:
        return [one.name for one in build(stanza, lambda _: "").definitions()]

    assert RUN_PIPELINE not in names(ToolsStanza())
    assert RUN_PIPELINE in names(ToolsStanza(pipelines=PipelinesStanza(allow=("a",))))
    with pytest.raises(ValidationError):
        ToolsStanza.model_validate({"pipelines": {}})


async def test_outside_of_a_run_nobody_could_wait() -> None:
    said = await refusal(PipelinesTool(PipelinesStanza(allow=("a",))), pipeline="a")
    assert said == "A pipeline can only be run by a step of another pipeline."
