"""Any text is judged, always the same way, from what is installed alone."""

import dataclasses
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.routing import TaskType
from domain.classifying import Classified, Classifier, embedding
from domain.classifying.excerpt import LONGEST, clean, shorten
from domain.classifying.features import NAMES, measure
from domain.classifying.head import Head
from domain.classifying.threads import keep_to_one


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.mark.parametrize(
    ("text", "tools", "task"),
    [
        ("What is the capital of Italy?", False, TaskType.SIMPLE),
        ("Write a short poem about a lonely robot.", False, TaskType.CREATIVE),
        ("Translate to French: where is the station?", False, TaskType.TRANSLATION),
        ("Write a Python function that reverses a linked list.", False, TaskType.CODE),
        ("Turn on the heating in the bedroom.", True, TaskType.TOOL_USE),
        ("Escribe un poema sobre el otoño.", False, TaskType.CREATIVE),
    ],
)
def test_plain_requests_are_what_they_seem(classifier: Classifier, text: str, tools: bool, task: TaskType) -> None:
    assert classifier.classify(text, has_tools=tools).task is task


def test_harder_questions_are_judged_harder(classifier: Classifier) -> None:
    easy = classifier.classify("What colour is the sky?")
    hard = classifier.classify(
        "Prove that every finite integral domain is a field, and give a counterexample for infinite ones."
    )
    assert easy.difficulty + 0.3 < hard.difficulty


@settings(max_examples=60, deadline=None)
@given(st.text(), st.booleans(), st.booleans(), st.booleans())
@example("", False, False, False)
@example("\0", True, True, True)
@example("\ud800 lone", False, False, False)
@example("ﷺ" * 3000, False, False, False)
@example("\u200b" * 50, False, False, False)
def test_any_text_is_judged_twice_the_same(text: str, tools: bool, schema: bool, images: bool) -> None:
    classifier = _shared()
    judged = classifier.classify(text, has_tools=tools, has_schema=schema, has_images=images)
    assert judged == classifier.classify(text, has_tools=tools, has_schema=schema, has_images=images)
    assert isinstance(judged.task, TaskType)
    assert 0 <= judged.difficulty <= 1
    assert 1 / len(TaskType) <= judged.confidence <= 1


_SHARED: list[Classifier] = []


def _shared() -> Classifier:
    if not _SHARED:
        _SHARED.append(Classifier.load())
    return _SHARED[0]


@pytest.mark.parametrize("unit", ["word ", "漢字", "🙂", "ﷺ", "a", "\0", "1+x^2="], ids=ascii)
def test_a_huge_text_takes_no_longer_than_a_long_one(classifier: Classifier, unit: str) -> None:
    def spent(text: str) -> float:
        before = time.thread_time()
        classifier.classify(text)
        return time.thread_time() - before

    long, huge = unit * LONGEST, unit * 200_000
    usual = min(spent(long) for _ in range(5))
    assert min(spent(huge) for _ in range(5)) < 4 * usual + 0.02


def test_what_a_long_text_holds_in_its_middle_is_not_judged(classifier: Classifier) -> None:
    def around(middle: str) -> Classified:
        return classifier.classify("Summarise this. " + "a " * LONGEST + middle + "b " * LONGEST + "In two sentences.")

    assert around("nothing ") == around("a poem in Python ")


def test_several_threads_judge_as_one_does(classifier: Classifier) -> None:
    texts = [f"What is {number} times {number + 7}?" for number in range(24)]
    alone = [classifier.classify(text) for text in texts]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(classifier.classify, texts)) == alone


def test_loading_and_judging_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the classifier reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(embedding, "_loaded", [])
    assert Classifier.load().classify("Hello there").task is TaskType.SIMPLE


def test_weights_for_other_features_are_refused() -> None:
    head = Head.read()
    with pytest.raises(ValueError, match="python -m training"):
        Classifier(dataclasses.replace(head, features=head.features[1:]))


def test_declared_tools_make_tool_use_likelier(classifier: Classifier) -> None:
    head, text = Head.read(), "Check the stock of item 12"
    at = head.tasks.index(TaskType.TOOL_USE)

    def share(tools: bool) -> float:
        row = np.concatenate(
            [embedding.embed([text])[0], measure(text, has_tools=tools, has_schema=False, has_images=False)]
        )
        return float(head.probabilities(row[None, :])[0, at])

    assert share(tools=True) > share(tools=False)


@given(st.text(max_size=3 * LONGEST))
@settings(max_examples=100, deadline=None)
def test_what_is_kept_is_bounded_and_can_be_encoded(text: str) -> None:
    kept = clean(text)
    assert len(kept) <= LONGEST
    kept.encode("utf-8")
    assert "\0" not in kept
    assert len(shorten(kept)) <= len(kept) + 3
    assert np.isfinite(measure(kept, has_tools=False, has_schema=False, has_images=False)).all()


def test_every_feature_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES) == len(measure("x", has_tools=False, has_schema=False, has_images=False))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("All are true EXCEPT", "denials"),
        ("Q?\nA. one\nB. two", "options"),
        ("```\nx = 1\n```", "fences"),
        ("Traduis ceci", "translation"),
        ("翻译这句话", "translation"),
        ("turn off the fan", "doing"),
        ("c++ or c#", "programs"),
        ("x^2 = 4", "formula signs"),
        ("12 and 1,000", "numbers"),
    ],
)
def test_a_sign_is_seen(text: str, name: str) -> None:
    def seen(of: str) -> float:
        return measure(of, has_tools=False, has_schema=False, has_images=False)[NAMES.index(name)]

    assert seen(text) > seen("nothing of that kind") == 0


def test_matrices_are_kept_to_one_thread() -> None:
    assert keep_to_one(), "numpy's wheel brings OpenBLAS; its threads should be settable"
