"""Numbers in words, as ordinals and in Roman figures."""

from __future__ import annotations

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
MOST_IN_WORDS = 99


def in_words(value: int) -> str:
    """A number from 0 to 99 in English words.

    :raises ValueError: if it is out of that range.
    """
    if not 0 <= value <= MOST_IN_WORDS:
        raise ValueError(f"{value} is not between 0 and {MOST_IN_WORDS}")
    if value < len(ONES):
        return ONES[value]
    ten, one = divmod(value, 10)
    return TENS[ten - 2] + (f"-{ONES[one]}" if one else "")


def ordinal(value: int) -> str:
    """A number as `3rd`."""
    teen = 10 < value % 100 < 14
    return f"{value}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th')}"


def ordinal_words(value: int) -> str:
    """A number from 0 to 99 as `third`."""
    head, dash, last = in_words(value).rpartition("-")
    if last in IRREGULAR:
        return head + dash + IRREGULAR[last]
    return head + dash + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def roman(value: int) -> str:
    """A number from 1 to 39 in Roman figures."""
    written = ""
    for worth, figure in ROMAN:
        while value >= worth:
            written, value = written + figure, value - worth
    return written
