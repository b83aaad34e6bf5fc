"""How documents are cut into passages."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.passages import MOST, OVERLAP, passages

SENTENCE = "The {} walked along the river until it came to a mill that nobody had used for years. "


def test_headings_say_where_a_passage_stands() -> None:
    text = "Before.\n\n# Guide\n\nIntro.\n\n## Install\n\nRun it.\n\n# End ##\n\nBye.\n"
    assert [(one.heading, one.text.strip()) for one in passages(text, headings=True)] == [
        ("", "Before."),
        ("Guide", "# Guide\n\nIntro."),
        ("Guide > Install", "## Install\n\nRun it."),
        ("End", "# End ##\n\nBye."),
    ]


def test_headings_with_nothing_below_them_go_with_what_follows() -> None:
    (only,) = passages("# Guide\n\n## Install\n\nRun it.", headings=True)
    assert (only.heading, only.text) == ("Guide > Install", "# Guide\n\n## Install\n\nRun it.")
    assert [one.text for one in passages("# Only a title", headings=True)] == ["# Only a title"]


def test_plain_text_has_no_headings_and_code_none_either() -> None:
    assert [one.heading for one in passages("# a\n\nb", headings=False)] == [""]
    fenced = "# Code\n\n```sh\n# no heading\nls\n```\n\nAfter."
    (only,) = passages(fenced, headings=True)
    assert (only.heading, only.text) == ("Code", fenced)


def test_long_sections_are_cut_at_sentences_and_overlap() -> None:
    text = "".join(SENTENCE.format(number) for number in range(100))
    found = passages(text, headings=False)
    assert len(found) > 5
    assert all(one.text.startswith("The ") and one.text.endswith(". ") for one in found)
    for one, following in itertools.pairwise(found):
        assert 0 < one.start + len(one.text) - following.start <= OVERLAP


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["# a\n", "## b", "\n", "\n\n", "x" * 3_000, "word. ", "word ", "。", "```\n", "\u2028", "é " * 900]
        ),
        max_size=40,
    ).map("".join),
    st.booleans(),
)
def test_nothing_is_lost_and_nothing_is_too_long(text: str, headings: bool) -> None:
    found = passages(text, headings=headings)
    covered: set[int] = set()
    for one in found:
        assert 0 < len(one.text) <= MOST
        assert text[one.start : one.start + len(one.text)] == one.text
        covered.update(range(one.start, one.start + len(one.text)))
    missing = "".join(character for at, character in enumerate(text) if at not in covered)
    assert not missing.strip()
    assert [one.start for one in found] == sorted({one.start for one in found})
