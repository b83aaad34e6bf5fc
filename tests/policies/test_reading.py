"""A policy's text is judged as a whole, with the place of everything that is wrong."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given

from contracts.policies import Policy
from domain.policies.merging import merged
from domain.policies.problems import PolicyError, PolicyProblem
from domain.policies.reading import Reading, read, understood
from domain.policies.unknown import ModelNames
from domain.policies.writing import dumped, json_schema, version_of
from domain.yaml.writing import to_yaml
from tests.policies.written import POLICIES

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies.yaml"


def wrong(text: str | bytes, **options: object) -> list[PolicyProblem]:
    with pytest.raises(PolicyError) as caught:
        read(text, source="p.yaml", **options)  # type: ignore[arg-type]
    return list(caught.value.problems)


def right(text: str) -> Reading:
    return read(text, source="p.yaml")


def only(text: str | bytes, **options: object) -> tuple[int | None, int | None, str, str]:
    problems = wrong(text, **options)
    assert len(problems) == 1, problems
    found = problems[0]
    return found.line, found.column, found.field, found.message


@given(POLICIES)
def test_any_policy_is_written_and_read_back_equal(policy: Policy) -> None:
    for only_set in (False, True):
        reading = right(to_yaml(dumped(policy, only_set=only_set)))
        assert reading.policy == policy
        assert version_of(reading.policy) == version_of(policy)


@given(POLICIES)
def test_any_policy_is_written_as_json_and_read_back_equal(policy: Policy) -> None:
    for ascii_only in (True, False):
        assert right(json.dumps(dumped(policy), ensure_ascii=ascii_only, indent="\t")).policy == policy


@given(POLICIES, POLICIES)
def test_a_whole_policy_over_another_is_itself_but_for_further_names(base: Policy, over: Policy) -> None:
    document = dumped(over)
    laid = merged(dumped(base), document)
    assert merged(laid, document) == laid
    assert merged({}, document) == document
    assert understood({}, base=document, source="x") == over


def test_the_example_is_valid_and_says_something_of_everything() -> None:
    said = right(EXAMPLE.read_text()).document
    assert set(said) == set(Policy.model_fields)
    assert set(said["routing_rules"]) == set(Policy.model_fields["routing_rules"].annotation.model_fields)  # type: ignore[union-attr]


def test_the_page_names_every_field() -> None:
    page = (EXAMPLE.parents[1] / "docs" / "reference" / "policies.md").read_text()
    schema = json_schema()
    fields = {name for part in (schema, *schema["$defs"].values()) for name in part.get("properties", {})}
    assert {name for name in fields if not any(said in page for said in (f"`{name}`", f".{name}`", f"### {name}"))} == {
        "affinity",
        "learning",
    }


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_text() -> None:
    problems = wrong(
        "routing_rules:\n"
        "  wieghts: {cost: 1}\n"
        "  weights: {cost: -1}\n"
        "  strategy: ballanced\n"
        "  strategy: cost\n"
        "  task_preferences: {cod: [x]}\n"
        "models:\n"
        '  "a:b": {aliases: abc, quality: .nan}\n'
        "limits: {step: 0}\n"
    )
    assert [(one.line, one.column, one.field) for one in problems] == [
        (2, 3, "routing_rules.wieghts"),
        (3, 19, "routing_rules.weights.cost"),
        (4, 13, "routing_rules.strategy"),
        (5, 3, ""),
        (6, 22, "routing_rules.task_preferences.cod"),
        (8, 20, "models.a:b.aliases"),
        (8, 34, ""),
        (9, 16, "limits.step"),
    ]
    said = [one.message for one in problems]
    assert "Did you mean weights?" in said[0]
    assert "greater than or equal to 0" in said[1]
    assert "Did you mean balanced?" in said[2]
    assert "'strategy' is said twice, first in line 4" in said[3]
    assert "Did you mean code?" in said[4]
    assert "Write a list" in said[5]
    assert "not a finite number" in said[6]
    assert str(problems[0]).startswith("p.yaml:2:3: routing_rules.wieghts: there is no field")


@pytest.mark.parametrize(
    ("chains", "place", "loop"),
    [
        ('{"a:x": ["a:x"]}', "a:x", "a:x -> a:x"),
        ('{"a:x": ["b:y"], "b:y": ["a:x"]}', "b:y", "a:x -> b:y -> a:x"),
        ('{"z:z": ["a:x"], "a:x": ["c:z", "b:y"], "b:y": ["a:x"]}', "b:y", "a:x -> b:y -> a:x"),
        ('{small: ["b:y"], "b:y": ["s:s"]}', "b:y", "s:s -> b:y -> s:s"),
    ],
    ids=["itself", "two", "behind a third", "by an alias"],
)
def test_a_chain_that_loops_is_refused_by_name(chains: str, place: str, loop: str) -> None:
    text = f'models: {{"s:s": {{aliases: [small]}}}}\nrouting_rules:\n  fallback_chains: {chains}\n'
    line, _, field, message = only(text)
    assert (line, field) == (3, f"routing_rules.fallback_chains.{place}")
    assert f"the chain loops: {loop}." in message


def test_chains_may_meet_again_without_a_loop() -> None:
    right('routing_rules: {fallback_chains: {"a:x": ["b:y", "c:z"], "b:y": ["c:z"], "c:z": ["d:d"]}}')


def test_a_loop_of_the_file_and_the_workspace_is_told_where_the_workspace_says_it() -> None:
    base = right('routing_rules: {fallback_chains: {"a:x": ["b:y"]}}').document
    line, column, field, _ = only('routing_rules:\n  fallback_chains:\n    "b:y": ["a:x"]\n', base=base)
    assert (line, column, field) == (3, 5, "routing_rules.fallback_chains.b:y")
    with pytest.raises(PolicyError, match="loops"):
        understood({"routing_rules": {"fallback_chains": {"b:y": ["a:x"]}}}, base=base, source="workspace")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("models: {gpt: {}}", 1, "named provider:model"),
        ('models:\n  "a:b": {aliases: [x]}\n  "c:d": {aliases: [x]}', 3, "an alias of a:b already"),
        ('models:\n  "a:b": {aliases: ["c:d"]}\n  "c:d": {}', 2, "a model of its own"),
        ("routing_rules:\n  fallback_chain:\n  - a:b\n  - a:b", 4, "name it once"),
        ("routing_rules: {weights: {cost: 0, quality: 0}}", 1, "at least one weight must be above 0"),
        ("version: 2", 1, "less than or equal to 1"),
        ("limits: {idle: 1e999}", 1, "not a finite number"),
        ("limits: {idle: " + "9" * 5000 + "}", 1, "too long"),
        ("a: &x [*x]", 1, "nothing before this is called &x"),
        ("1: 2", 1, 'put it in quotes: "1"'),
        ("[" * 2000, 1, "nested more than 50"),
        ("- a", 1, "a mapping of fields"),
        ("version: 1\n---\nversion: 1", 2, "a second document"),
        ("version: 1\n\tlimits: 2", 2, "not YAML"),
        ("limits: {idle: [}", 1, "not YAML"),
        ("# nothing\n", None, "the text holds nothing"),
        ("", None, "the text holds nothing"),
        ("x" * 1_000_001, None, "larger than"),
        ('{"switches": {"classify": "maybe"}}', 1, "valid boolean"),
    ],
    ids=range(19),
)
def test_what_is_wrong_has_its_line(text: str, line: int | None, says: str) -> None:
    found = wrong(text)
    assert says in found[0].message
    assert found[0].line == line


def test_bytes_that_are_no_text_and_characters_that_cannot_be_kept() -> None:
    assert only(b"version: 1\n# \xff") == (2, 3, "", "the text is not UTF-8")
    assert "NUL" in wrong('models: {"a:b": {tags: ["\\0"]}}')[0].message
    assert "tags are not taken" in wrong("limits: !!python/object:os.system {}")[0].message
    assert "\U0001f600" in right('{"user_tiers": {"\\ud83d\\ude00": {}}}').policy.user_tiers


def test_anchors_are_followed_but_not_without_end() -> None:
    chain = right(
        "routing_rules:\n  fallback_chain: &c ['a:b', 'c:d']\n  task_preferences: {code: *c}"
    ).policy.routing_rules
    assert list(chain.task_preferences.values()) == [chain.fallback_chain]
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert "too large or too deep" in wrong(bomb)[0].message
    deep = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1400))
    assert "too large or too deep" in wrong(deep)[0].message


def test_words_are_those_of_yaml_1_2() -> None:
    model = right(
        'models: {"a:b": {regions: [no, 12:30, 2024-01-01, on], enabled: no, price: {input: 0.1}}}'
    ).policy.models["a:b"]
    assert model.regions == ("no", "12:30", "2024-01-01", "on")
    assert model.enabled is False
    assert model.price is not None
    assert model.price.input == Decimal("0.1")


def test_models_that_nobody_knows_are_warnings() -> None:
    names = ModelNames({"openai:gpt-4o", "gpt-4o"}.__contains__, lambda: ["openai:gpt-4o"])
    text = (
        'models:\n  "openai:gpt-4o": {aliases: [mine]}\n  "openai:gpt-4": {}\n'
        "routing_rules:\n  default_model: auto:cost\n  fallback_chain: [mine, gpt-4o, elephant]\n"
        'user_tiers: {free: {models: ["openai:*"]}}\n'
    )
    found = read(text, source="p.yaml", names=names).warnings
    assert [(one.line, one.field, one.severity) for one in found] == [
        (3, "models.openai:gpt-4", "warning"),
        (6, "routing_rules.fallback_chain.2", "warning"),
    ]
    assert "Did you mean openai:gpt-4o?" in found[0].message


def test_merging_is_deep_for_mappings_and_replaces_the_rest() -> None:
    base = right(
        'models: {"a:b": {quality: 0.5, tags: [x, y]}}\nrouting_rules: {weights: {cost: 1, quality: 0}, max_price_multiple: 2}'
    ).document
    over = 'models: {"a:b": {tags: [z]}, "c:d": {}}\nrouting_rules: {weights: {quality: 3}, max_price_multiple: null}'
    policy = read(over, source="w", base=base).policy
    assert policy.models["a:b"].quality == 0.5
    assert policy.models["a:b"].tags == ("z",)
    assert "c:d" in policy.models
    assert (policy.routing_rules.weights.cost, policy.routing_rules.weights.quality) == (1, 3)
    assert policy.routing_rules.max_price_multiple is None


def test_equal_policies_have_equal_versions() -> None:
    one = right("limits: {idle: 15}\nswitches: {classify: true}").policy
    other = right("# a comment\nlimits: {idle: 15.0}").policy
    assert version_of(one) == version_of(other)
    assert version_of(one) != version_of(right("limits: {idle: 16}").policy)
    assert version_of(Policy()) == version_of(right("{}").policy)


def test_what_others_write_in_yaml_reads_the_same() -> None:
    said = {"models": {"a:b": {"tags": ["no", "1.5", ""], "regions": ["é", "日本"]}}}
    assert right(yaml.safe_dump(said)).document == said
