"""Numbers: small sums are right, and other ways to write a number read back as it."""

import re
from collections.abc import Callable
from typing import cast

import inflect
import pytest
from skill_checks import check_book, check_skill, samples

from t2l.tasks.language.numbers import CONVERSIONS, SKILLS
from t2l.tasks.language.numerals import in_words, ordinal, ordinal_words, roman

ENGINE = inflect.engine()
NUMBER_TO_WORDS = cast(Callable[[int], str], ENGINE.number_to_words)  # typed for texts only
ORDINAL = cast(Callable[[int], str], ENGINE.ordinal)
ROMAN = {"I": 1, "V": 5, "X": 10}


def read_roman(text: str) -> int:
    values = [ROMAN[figure] for figure in text]
    later = [*values[1:], 0]
    return sum(-one if one < next_one else one
               for one, next_one in zip(values, later, strict=True))  # fmt: skip


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_draws(skill) -> None:
    check_skill(skill)


def test_book() -> None:
    check_book(SKILLS)


def test_numerals_agree_with_inflect() -> None:
    for value in range(100):
        assert in_words(value) == NUMBER_TO_WORDS(value)
        assert ordinal(value) == ORDINAL(value)
        assert ordinal_words(value) == ENGINE.ordinal(in_words(value))
    assert [ordinal(value) for value in (111, 112, 113, 121)] == [
        "111th",
        "112th",
        "113th",
        "121st",
    ]
    with pytest.raises(ValueError, match="not between"):
        in_words(100)


def test_roman_numerals_read_back() -> None:
    assert [read_roman(roman(value)) for value in range(1, 40)] == list(range(1, 40))
    assert (roman(4), roman(9), roman(14), roman(19)) == ("IV", "IX", "XIV", "XIX")
    for _, sample in samples(SKILLS, "from_roman"):
        assert read_roman(sample.input) == int(sample.output)


def test_sums() -> None:
    for skill, sample in samples(SKILLS, "add", "subtract"):
        step = int(skill.name.split(":")[1]) * (1 if skill.entry == "add" else -1)
        assert int(sample.output) - int(sample.input) == step
        assert 0 <= int(sample.output) <= 100
    for skill, sample in samples(SKILLS, "double", "triple", "halve", "times_ten"):
        low, high = sorted((int(sample.input), int(sample.output)))
        assert high == low * {"double": 2, "triple": 3, "halve": 2, "times_ten": 10}[skill.name]
    for skill, sample in samples(SKILLS, "next", "previous", "negative"):
        step = int(sample.output) - int(sample.input)
        assert step == {"next": 1, "previous": -1, "negative": -2 * int(sample.input)}[skill.name]


def test_pairs() -> None:
    for skill, sample in samples(SKILLS, "sum", "difference", "larger", "smaller"):
        low, high = sorted(map(int, re.findall(r"\d+", sample.input)))
        expected = {"sum": low + high, "difference": high - low, "larger": high, "smaller": low}
        assert int(sample.output) == expected[skill.name]


def test_rounds_to_the_nearest() -> None:
    for _, sample in samples(SKILLS, "round_ten"):
        assert int(sample.output) % 10 == 0 and abs(int(sample.output) - int(sample.input)) < 5


def test_yes_or_no() -> None:
    for skill, sample in samples(SKILLS, "is_even", "is_odd", "more_than"):
        value = int(sample.input)
        truth = {
            "is_even": sample.input[-1] in "02468",
            "is_odd": sample.input[-1] in "13579",
            "more_than": value > int(skill.slots.get("p", 0)),
        }[skill.entry]
        assert sample.output == ("yes" if truth else "no")


def test_conversions() -> None:
    for skill, sample in samples(SKILLS, "convert"):
        before = skill.name.split(":")[1]
        many, unit = sample.input.split()
        result, other = sample.output.split()
        assert (unit, other) == (before, CONVERSIONS[before][0])
        assert int(result) == int(many) * CONVERSIONS[before][1]
        assert result in sample.accepted


def test_written_amounts_read_back() -> None:
    for skill, sample in samples(SKILLS, "currency", "two_decimals", "percent", "leading_zeros",
                                 "thousands", "unit"):  # fmt: skip
        digits = re.sub(r"[^\d.]", "", sample.output)
        assert float(digits) == float(sample.input), skill.name
        if skill.name == "leading_zeros":
            assert len(sample.output) == 3


def test_words_and_ordinals() -> None:
    for _, sample in samples(SKILLS, "to_words"):
        assert sample.output == ENGINE.number_to_words(sample.input)
    for _, sample in samples(SKILLS, "from_words"):
        assert sample.input == ENGINE.number_to_words(sample.output)
    for _, sample in samples(SKILLS, "digit_count"):
        assert int(sample.output) == len(sample.input)


def test_apply_wants_a_plain_number() -> None:
    for skill in SKILLS:
        if skill.apply:
            assert [skill.apply(text) for text in ("", "tea", "007", "3.5", "-4")] == [None] * 5
