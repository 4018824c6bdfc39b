"""Skills on numbers: small sums, and other ways to write a number."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache

from t2l.tasks.language.drawing import Source, draw_from
from t2l.tasks.language.numerals import (
    MOST_IN_WORDS,
    in_words,
    ordinal,
    ordinal_words,
    roman,
)
from t2l.tasks.language.parts import part_of
from t2l.tasks.language.skill import Apply, Draw, Skill
from t2l.tasks.source import Part, Sample

ADDED = {1: False, 2: False, 3: False, 4: True, 5: False, 6: False, 7: True, 8: False, 9: False,
         10: False, 20: False}  # number -> whether it is held out  # fmt: skip
SUBTRACTED = {1: False, 2: False, 3: False, 4: False, 5: False, 6: True, 8: False, 10: False}
LIMITS = {10: False, 20: True, 50: False, 100: False}  # of `more_than`
CURRENCIES = {  # name -> its sign, whether it is held out
    "dollars": ("$", False),
    "euros": ("€", False),
    "pounds": ("£", True),
}
UNITS = {  # unit -> abbreviation, whether it is held out
    "kilograms": ("kg", False),
    "centimetres": ("cm", False),
    "kilometres": ("km", False),
    "grams": ("g", False),
    "millilitres": ("ml", True),
}
CONVERSIONS = {  # from -> to, how many of these in one of those, whether it is held out
    "hours": ("minutes", 60, False),
    "weeks": ("days", 7, False),
    "years": ("months", 12, False),
    "metres": ("centimetres", 100, False),
    "dollars": ("cents", 100, False),
    "days": ("hours", 24, False),
    "kilograms": ("grams", 1000, True),
}
MOST_ROMAN = 30
LARGEST = 999_999
MOST_CONVERTED = 20  # of one unit


@cache
def _pool(low: int, high: int, step: int, part: Part) -> tuple[str, ...]:
    every = (str(value) for value in range(low, high + 1, step))
    return tuple(text for text in every if part_of(text) == part)


def between(low: int, high: int, step: int = 1) -> Source:
    """Draws numbers of a range. Every number has its part."""

    def source(rng: random.Random, part: Part) -> str:
        return rng.choice(_pool(low, high, step, part))

    return source


def value_of(text: str) -> int | None:
    """The number that a text is, if it is a whole one and nothing else."""
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))
    return int(text) if plain and text == str(int(text)) else None


def on_value(function: Callable[[int], str | int | None]) -> Apply:
    """Makes a function on a number one on its text."""

    def apply(text: str) -> tuple[str, ...] | None:
        value = value_of(text)
        answer = None if value is None else function(value)
        return None if answer is None else (str(answer),)

    return apply


def _small(function: Callable[[int], int], most: int = MOST_IN_WORDS) -> Apply:
    """The same, for small numbers with small answers: what can be worked out at a glance."""

    def solve(value: int) -> int | None:
        answer = function(value)
        return answer if value <= most and 0 <= answer <= 100 else None

    return on_value(solve)


def _in_words(text: str) -> tuple[str, ...] | None:
    value = value_of(text)
    if value is None or value > MOST_IN_WORDS:
        return None
    words = in_words(value)
    return tuple(dict.fromkeys((words, words.replace("-", " "))))


def _ordinal_words(text: str) -> tuple[str, ...] | None:
    value = value_of(text)
    if value is None or not 0 < value <= MOST_IN_WORDS:
        return None
    words = ordinal_words(value)
    return tuple(dict.fromkeys((words, words.replace("-", " "))))


def _from_words(rng: random.Random, part: Part) -> Sample:
    text = between(0, MOST_IN_WORDS)(rng, part)
    return Sample(in_words(int(text)), text)


def _from_roman(rng: random.Random, part: Part) -> Sample:
    text = between(1, MOST_ROMAN)(rng, part)
    return Sample(roman(int(text)), text)


def _roman(value: int) -> str | None:
    return roman(value) if 0 < value <= 39 else None


def _round_ten(value: int) -> int | None:
    """To the nearest ten, where that is no matter of taste."""
    return None if value > 999 or value % 5 == 0 else (value + 5) // 10 * 10


def _around(limit: int) -> Source:
    """Draws numbers up to a limit as often as numbers above it."""
    below, above = between(1, limit), between(limit + 1, max(99, 2 * limit))

    def source(rng: random.Random, part: Part) -> str:
        return (below if rng.random() < 0.5 else above)(rng, part)

    return source


def _judged(test: Callable[[int], bool]) -> Apply:
    def apply(text: str) -> tuple[str, ...] | None:
        value = value_of(text)
        if value is None:
            return None
        return ("yes", "Yes") if test(value) else ("no", "No")

    return apply


def _pair(low: int, high: int, function: Callable[[int, int], int]) -> Draw:
    """Draws two different numbers. A pair has its part, however it is written."""

    def draw(rng: random.Random, part: Part) -> Sample:
        while True:
            pair = [rng.randint(low, high), rng.randint(low, high)]
            if pair[0] != pair[1] and part_of(f"{min(pair)} {max(pair)}") == part:
                joint = rng.choice((", ", " and "))
                return Sample(f"{pair[0]}{joint}{pair[1]}", str(function(*pair)))

    return draw


def _amount(sign: str) -> Apply:
    return on_value(lambda value: f"{sign}{value}.00")


def _unit(short: str) -> Apply:
    def apply(text: str) -> tuple[str, ...] | None:
        return None if value_of(text) is None else (f"{text} {short}", f"{text}{short}")

    return apply


def _converted(before: str, after: str, factor: int) -> Draw:
    """A small amount in one unit, told in another; every amount has its part."""

    def draw(rng: random.Random, part: Part) -> Sample:
        while True:
            value = rng.randint(2, MOST_CONVERTED)
            if part_of(f"{value} {before}") == part:
                break
        answer, commas = str(value * factor), f"{value * factor:,}"
        shown = f"{answer} {after}"
        accepted = dict.fromkeys((answer, commas, f"{commas} {after}"))
        return Sample(f"{value} {before}", shown, tuple(row for row in accepted if row != shown))

    return draw


def _skill(
    name: str,
    apply: Apply,
    source: Source,
    gives: str = "number",
    slots: dict[str, str] | None = None,
    held_out: bool = False,
) -> Skill:
    draw = draw_from(source, apply)
    return Skill(name, "number", "numbers", "number", gives, draw, apply, "", slots or {}, held_out)


def _lone(
    name: str,
    takes: str,
    gives: str,
    draw: Draw,
    slots: dict[str, str] | None = None,
    held_out: bool = False,
) -> Skill:
    """A skill that follows no other."""
    return Skill(name, "number", "numbers", takes, gives, draw, None, "", slots or {}, held_out)


def _thousands(value: int) -> str | None:
    return f"{value:,}" if value >= 1000 else None


def _padded(value: int) -> str | None:
    return f"{value:03d}" if value < 100 else None


def _halved(value: int) -> int | None:
    return value // 2 if value % 2 == 0 and 0 < value <= 100 else None


def _parameterised() -> Iterable[Skill]:
    for k, held in ADDED.items():
        slots = {"p": str(k), "w": in_words(k), "eg": f"11 -> {11 + k}"}
        apply = _small(lambda value, k=k: value + k)
        yield _skill(f"add:{k}", apply, between(1, 79), slots=slots, held_out=held)
    for k, held in SUBTRACTED.items():
        slots = {"p": str(k), "w": in_words(k), "eg": f"21 -> {21 - k}"}
        apply = _small(lambda value, k=k: value - k)
        yield _skill(f"subtract:{k}", apply, between(k, 99), slots=slots, held_out=held)
    for k, held in LIMITS.items():
        apply = _judged(lambda value, k=k: value > k)
        source = _around(k)
        slots = {"p": str(k)}
        yield _skill(f"more_than:{k}", apply, source, "label", slots, held)
    for name, (sign, held) in CURRENCIES.items():
        slots = {"p": name, "sign": sign, "eg": f"8 -> {sign}8.00"}
        yield _skill(f"currency:{name}", _amount(sign), between(1, 250), "text", slots, held)
    for name, (short, held) in UNITS.items():
        slots = {"p": name, "q": short, "eg": f"8 -> 8 {short}"}
        yield _skill(f"unit:{short}", _unit(short), between(1, 250), "text", slots, held)
    for before, (after, factor, held) in CONVERSIONS.items():
        slots = {"p": before, "q": after, "one": before[:-1]}
        draw = _converted(before, after, factor)
        yield _lone(f"convert:{before}", "quantity", "quantity", draw, slots, held)


def _single() -> Iterable[Skill]:
    yield _skill("double", _small(lambda value: 2 * value, 50), between(1, 50))
    yield _skill("triple", _small(lambda value: 3 * value, 30), between(1, 30), held_out=True)
    yield _skill("halve", on_value(_halved), between(2, 100, 2))
    yield _skill("times_ten", on_value(lambda v: 10 * v if 0 < v < 100 else None), between(1, 99))
    yield _skill("next", on_value(lambda value: value + 1), between(1, 199))
    yield _skill("previous", on_value(lambda v: v - 1 if v else None), between(1, 200))
    yield _lone("sum", "numbers", "number", _pair(1, 30, lambda a, b: a + b))
    yield _lone("difference", "numbers", "number", _pair(1, 30, lambda a, b: abs(a - b)))
    yield _lone("larger", "numbers", "number", _pair(1, 99, max))
    yield _lone("smaller", "numbers", "number", _pair(1, 99, min), held_out=True)
    yield _skill("to_words", _in_words, between(0, MOST_IN_WORDS), "text")
    yield _lone("from_words", "text", "number", _from_words)
    yield _skill("ordinal", on_value(lambda v: ordinal(v) if v else None), between(1, 99), "text")
    yield _skill("ordinal_words", _ordinal_words, between(1, 50), "text")
    yield _skill("roman", on_value(_roman), between(1, MOST_ROMAN), "text")
    yield _lone("from_roman", "text", "number", _from_roman, held_out=True)
    yield _skill("round_ten", on_value(_round_ten), between(11, 99))
    yield _skill("is_even", _judged(lambda value: value % 2 == 0), between(1, 199), "label")
    yield _skill(
        "is_odd", _judged(lambda value: value % 2 == 1), between(1, 199), "label", held_out=True
    )
    yield _skill("percent", on_value(lambda value: f"{value}%"), between(1, 100), "text")
    yield _skill("digit_count", on_value(lambda value: len(str(value))), _of_any_length)
    yield _skill("negative", on_value(lambda v: f"-{v}" if v else None), between(1, 199), "text")
    yield _skill("two_decimals", on_value(lambda v: f"{v}.00"), between(1, 199), "text")
    yield _skill("thousands", on_value(_thousands), _thousand, "text", held_out=True)
    yield _skill("leading_zeros", on_value(_padded), between(1, 99), "text")


def _of_any_length(rng: random.Random, part: Part) -> str:
    """A number of two to six digits."""
    while True:
        digits = rng.randint(2, 6)
        text = str(rng.randint(10 ** (digits - 1), 10**digits - 1))
        if part_of(text) == part:
            return text


def _thousand(rng: random.Random, part: Part) -> str:
    while True:
        text = str(rng.randint(1000, LARGEST if rng.random() < 0.3 else 9999))
        if part_of(text) == part:
            return text


SKILLS: tuple[Skill, ...] = (*_parameterised(), *_single())
