"""Phrase grammars expand into every choice, in a fixed order; frames say every step once."""

import pytest

from t2l.tasks.phrasing import expand, expand_all
from t2l.tasks.procedural.phrases import frames, sentence


def test_choices_expand_leftmost_slowest() -> None:
    assert expand("(a|b) <x> (c|d)", {"x": "and"}) == ("a and c", "a and d", "b and c", "b and d")


def test_repeats_are_dropped_in_order() -> None:
    assert expand_all(["(a|b)", "(b|c)"], {}) == ("a", "b", "c")


def test_a_missing_slot_is_an_error() -> None:
    with pytest.raises(KeyError):
        expand("the <n>", {})


def test_sentences_begin_with_capitals() -> None:
    assert sentence("{a}. Then {b}.", ["sort it", "stop"], "x") == "Sort it. Then stop."
    frame = "{x} comes in: {b}, but first {a}."
    assert (
        sentence(frame, ["sort it", "stop"], "a list")
        == "A list comes in: stop, but first sort it."
    )


@pytest.mark.parametrize("split", ["train", "selection", "held_out"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_every_frame_says_every_step_exactly_once(steps: int, split: str) -> None:
    for frame in frames(steps, split):
        for letter in "abc":
            assert frame.count(f"{{{letter}}}") == (letter in "abc"[:steps]), frame
