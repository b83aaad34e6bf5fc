"""Templates give what they refer to and nothing else: no Python, no endless work, no value in a message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pipelines.templates import UnfitTemplateError, parsed, rendered, rendered_text

NAMES: dict[str, Any] = {
    "topic": "tea",
    "research": {"result": {"title": "T", "items": [1, 2], "none": None, "yes": True}, "state": "completed"},
    "skipped": {"result": None, "state": "skipped"},
    "secret": "hunter2",
}

TOLD = {
    "plain": ("no template { here }", "no template { here }"),
    "text": ("On {{ topic }}.", "On tea."),
    "alone": ("{{ research.result }}", NAMES["research"]["result"]),
    "alone with spaces": ("  {{- research.result.items -}}\n", [1, 2]),
    "field called like a method": ("{{ research.result.items }}", [1, 2]),
    "list in a text": ("{{ research.result.items }}!", "[1, 2]!"),
    "null in a text": ("<{{ skipped.result }}>", "<>"),
    "boolean in a text": ("{{ research.result.yes }}.", "true."),
    "null alone": ("{{ skipped.result }}", None),
    "otherwise": ("{{ skipped.result or topic }}", "tea"),
    "by state": ("{{ research.result.title if research.state == 'completed' else '' }}", "T"),
    "loop": ("{% for one in research.result['items'] %}{{ loop.index }}={{ one }};{% endfor %}", "1=1;2=2;"),
    "filter": ("{{ research.result.items | sum }}", 3),
    "joined": ("{{ research.result.items | join('-') }}", "1-2"),
    "generator": ("{{ research.result.items | map('string') }}", ["1", "2"]),
    "literal braces": ("{{ '{{' }} x }}", "{{ x }}"),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_template_gives(name: str) -> None:
    text, value = TOLD[name]
    assert rendered(text, NAMES) == value
    assert rendered({"a": [text, 5]}, NAMES) == {"a": [value, 5]}


ATTACKS = {
    "class": "{{ topic.__class__ }}",
    "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "by filter": "{{ topic | attr('__class__') }}",
    "by item": "{{ topic['__class__'] }}",
    "globals": "{{ joiner.__init__.__globals__ }}",
    "import": "{% import 'os' as os %}",
    "loop's": "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "self": "{{ self.__init__ }}",
    "format": "{{ '{0.__class__}'.format(topic) }}",
    "padding": "{{ '%1000000000d' % 1 }}",
    "format padding": "{{ '{:1000000000}'.format(1) }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "power folded": "{{ 10 ** 1000000 }}",
    "repetition": "{{ 'a' * 1000000000 }}",
    "list repetition": "{{ [1] * 1000000000 }}",
    "range": "{% for x in range(1000000000) %}{{ x }}{% endfor %}",
    "justified": "{{ 'a'.ljust(1000000000) }}",
    "centred": "{{ 'a' | center(1000000000) }}",
    "replaced": "{{ topic | replace('', 'a') }}",
    "batch": "{{ [1] | batch(1000000000, 0) }}",
    "macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "doubling": "{% set a = 'aa' %}{% set a = a ~ a %}{{ a }}",
    "changed": "{{ research.update({'a': 1}) }}",
    "undefined": "{{ nowhere }}",
    "undefined field": "{{ research.result.nowhere }}",
    "field of null": "{{ skipped.result.title }}",
    "huge": "{% for x in range(9999) %}{% for y in range(9999) %}aaaaaaaaaa{% endfor %}{% endfor %}",
    "zero": "{{ 1 / 0 }}",
    "sum of texts": "{{ [secret, 1] | sum }}",
    "deep": "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(name: str) -> None:
    with pytest.raises(UnfitTemplateError) as raised:
        rendered(ATTACKS[name], NAMES)
    assert "hunter2" not in str(raised.value)


def test_references_are_found_wherever_they_stand() -> None:
    text = "{{ a.b[0]['c d'] }} {% if x.y > 1 %}{{ z | default(w.v) }}{% endif %}{% for i in l.m %}{{ i.n }}{{o[i]}}{% endfor %}"
    assert [str(one) for one in parsed(text).references] == ["a.b[0].c d", "l.m", "o", "w.v", "x.y", "z"]


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for one in (text, "{{" + text + "}}", "{%" + text + "%}", "{{ topic | " + text + " }}"):
        try:
            given_back = rendered_text(one, NAMES)
        except UnfitTemplateError:
            continue
        assert isinstance(given_back, str)


@given(st.text(st.sampled_from("{}%#'\"|()[].-+*/~ ab10topicforinifendelse\n"), max_size=60))
def test_any_text_of_its_own_marks_is_parsed_or_refused(text: str) -> None:
    try:
        rendered("{{ " + text + " }}", NAMES)
        rendered(text, NAMES)
    except UnfitTemplateError:
        return
