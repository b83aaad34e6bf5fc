"""Who shall answer, by the names that a caller gives."""

from dataclasses import replace
from typing import Any

import pytest

from api.naming import chosen, resolved
from contracts.errors import ErrorKind, PerdureError
from contracts.routing import RoutingContext
from tests.unit.api.openai.asking import names

NAMES = names()


def named(model: str | None = None, *models: str, **routing: Any) -> tuple[list[str], str | None]:
    """The models and the strategy."""
    found, context = chosen(model, models, RoutingContext(**routing), NAMES)
    return [str(ref) for ref in found], context.strategy


@pytest.mark.parametrize(
    ("model", "models", "strategy", "meant"),
    [
        (None, [], None, ([], None)),
        ("auto", [], None, ([], None)),
        ("auto", [], "cost", ([], "cost")),
        ("auto:cost", [], None, ([], "cost")),
        ("auto:cost", [], "cost", ([], "cost")),
        ("auto:round_robin", [], None, ([], "round_robin")),
        ("auto", ["gpt-4o", "sim:sim-fast"], None, (["openai:gpt-4o", "sim:sim-fast"], "auto")),
        ("auto:quality", ["gpt-4o"], None, (["openai:gpt-4o"], "quality")),
        ("gpt-4o", [], None, (["openai:gpt-4o"], None)),
        ("gpt-4o", ["sim:sim-fast", "openai:gpt-4o"], None, (["openai:gpt-4o", "sim:sim-fast"], None)),
        ("gpt-4o", ["sim:sim-fast"], "cost", (["openai:gpt-4o", "sim:sim-fast"], "cost")),
        (None, ["gpt-4o", "gpt-4o"], None, (["openai:gpt-4o"], None)),
    ],
    ids=[
        "nothing",
        "auto",
        "auto-and-strategy",
        "suffix",
        "the-same-twice",
        "underscore",
        "among",
        "suffix-among",
        "one",
        "each-once",
        "ordered",
        "models-alone",
    ],
)
def test_names_mean_models_or_a_wish(
    model: str | None, models: list[str], strategy: str | None, meant: tuple[list[str], str | None]
) -> None:
    assert named(model, *models, strategy=strategy) == meant


@pytest.mark.parametrize(
    ("model", "models", "routing", "kind", "field"),
    [
        ("auto:cheap", [], {}, ErrorKind.INVALID_REQUEST, "modelId"),
        ("auto:", [], {}, ErrorKind.INVALID_REQUEST, "modelId"),
        ("auto:cheap", [], {"strategy": "cost"}, ErrorKind.INVALID_REQUEST, "modelId"),
        ("auto:quality", [], {"strategy": "cost"}, ErrorKind.INVALID_REQUEST, "modelId"),
        ("gpt-4o-mni", [], {}, ErrorKind.NOT_FOUND, "modelId"),
        ("autopilot", [], {}, ErrorKind.NOT_FOUND, "modelId"),
        ("gpt-4o", ["sim:sim-fast", "auto"], {}, ErrorKind.INVALID_REQUEST, "models.1"),
        (None, ["sim:sim-fast", "nope"], {}, ErrorKind.NOT_FOUND, "models.1"),
        ("auto", [], {"providers": {"opnai"}}, ErrorKind.NOT_FOUND, "routing.providers"),
        ("auto", [], {"providers": {"gpt-4o"}}, ErrorKind.NOT_FOUND, "routing.providers"),
        ("auto", [], {"exclude": {"nobody"}}, ErrorKind.NOT_FOUND, "routing.exclude"),
    ],
    ids=[
        "no-strategy",
        "empty",
        "beside-another",
        "two",
        "near",
        "no-prefix",
        "auto-in-models",
        "in-models",
        "provider",
        "model-as-provider",
        "exclude",
    ],
)
def test_what_means_nothing_is_refused_by_the_callers_field(
    model: str | None, models: list[str], routing: dict[str, Any], kind: ErrorKind, field: str
) -> None:
    with pytest.raises(PerdureError) as refused:
        chosen(model, models, RoutingContext(**routing), NAMES, field="modelId")
    assert (refused.value.kind, refused.value.field) == (kind, field)


def test_a_model_may_be_excluded_by_its_name() -> None:
    assert named("auto", exclude={"openai:gpt-4o", "anthropic"}) == ([], None)


def test_defaults_are_for_those_who_say_nothing() -> None:
    with_default = replace(NAMES, default="sim:sim-fast")
    own = resolved(["sim:sim-echo"], NAMES)
    nothing, wish = RoutingContext(), RoutingContext(strategy="cost")
    assert [str(ref) for ref in chosen(None, (), nothing, with_default)[0]] == ["sim:sim-fast"]
    assert chosen(None, (), nothing, with_default, defaults=own)[0] == own
    assert chosen(None, (), wish, with_default)[0] == ()
    assert chosen("auto", (), nothing, with_default, defaults=own)[0] == ()
    assert chosen(None, (), nothing, replace(NAMES, default="auto:cost"))[1].strategy == "cost"


def test_auto_is_a_choice_where_the_policys_default_is_one_model() -> None:
    """Else the plan would be of that model."""
    of_policy = replace(NAMES, strategy="balanced")
    assert chosen("auto", (), RoutingContext(), of_policy)[1].strategy == "balanced"
    assert chosen(None, (), RoutingContext(), of_policy)[1].strategy is None
