"""Phrase grammars expand into every choice, in a fixed order."""

import pytest

from t2l.tasks.phrasing import expand, expand_all, sentence


def test_choices_expand_leftmost_slowest() -> None:
    assert expand("(a|b) <x> (c|d)", {"x": "and"}) == ("a and c", "a and d", "b and c", "b and d")


def test_repeats_are_dropped_in_order() -> None:
    assert expand_all(["(a|b)", "(b|c)"], {}) == ("a", "b", "c")


def test_a_missing_slot_is_an_error() -> None:
    with pytest.raises(KeyError):
        expand("the <n>", {})


def test_sentences_begin_with_capitals() -> None:
    assert sentence("{a}. Then {b}.", ["sort it", "stop"], "x") == "Sort it. Then stop."
