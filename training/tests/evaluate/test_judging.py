"""Judging: white space and case do not count, other words do, and the generous rule says why."""

import pytest

from t2l.evaluate.judging import exact, generous, rouge_l


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Paris", ["paris"]),
        ("  paris\n", ["Paris"]),
        ("New  York", ["new york"]),
        ("grey", ["gray", "grey"]),
        ('{"word": "cat"}', ['{"word": "cat"}']),
    ],
)
def test_white_space_case_and_another_right_answer_are_right(answer: str, right: list[str]) -> None:
    assert exact(answer, right) and generous(answer, right)


@pytest.mark.parametrize("answer", ["Paris.", "It is Paris", "", "Par is"])
def test_anything_more_or_less_is_not_exact(answer: str) -> None:
    assert not exact(answer, ["Paris"])


@pytest.mark.parametrize(
    "answer", ["The capital of France is Paris.", "Paris\nIt lies on the Seine.", "Answer: paris!"]
)
def test_a_right_answer_among_other_words_is_right_generously(answer: str) -> None:
    assert generous(answer, ["Paris"])


@pytest.mark.parametrize(
    ("answer", "right"), [("comparison", ["paris"]), ("112", ["12"]), ("no", ["yes"]), ("", ["a"])]
)
def test_part_of_a_word_or_number_is_never_right(answer: str, right: list[str]) -> None:
    assert not generous(answer, right)


def test_answers_that_are_only_marks_are_found_as_they_stand() -> None:
    assert generous("+ because it is good", ["+"])
    assert not generous("- because it is bad", ["+"])


@pytest.mark.parametrize(
    ("answer", "right", "share"),
    [
        ("The cat sat on the mat.", ["the cat sat on the mat"], 1.0),
        ("the cat sat", ["the cat sat down"], 6 / 7),  # precision 1, recall 3/4
        ("sat cat the", ["the cat sat"], 1 / 3),  # in another order
        ("she runs", ["they ran", "she running"], 1.0),  # the nearest, stemmed
        ("dog", ["cat"], 0.0),
        ("", ["cat"], 0.0),
    ],
)
def test_rouge_l_is_how_much_of_a_right_answer_is_said_in_its_order(
    answer: str, right: list[str], share: float
) -> None:
    assert rouge_l(answer, right) == pytest.approx(share)
