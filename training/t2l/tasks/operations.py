"""The single steps tasks are made of: what each computes. How people say them is in `phrases/`.

One list of items covers the three domains, so reordering, selecting and joining exist once; only
their phrasings differ. The rows' order is data: the choice and the split of tasks are drawn from
it.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files

import yaml

from t2l.tasks.operation import (
    Domain,
    Function,
    Items,
    Kind,
    Operation,
    any_of,
    at_most,
    count,
    each,
    judge,
    keep,
    some_not_all,
)

VOWELS = "aeiou"
# Letters used as parameters: frequent enough in the vocabulary that an input with (and one
# without) the letter is found quickly by rejection.
PARAMETER_LETTERS = "aelnoprt"
PARAMETER_NUMBERS = range(1, 8)
SYMBOLS = {
    "!": "(exclamation mark|exclamation point)",
    "?": "question mark",
    "*": "(star|asterisk)",
    "#": "(hash sign|number sign)",
}
JOINS = {
    ",": ("(commas|a comma)", "comma"),
    "-": ("(dashes|hyphens|a dash)", "dash"),
    "+": ("(plus signs|a plus)", "plus sign"),
    "/": ("(slashes|a slash)", "slash"),
    "_": ("(underscores|an underscore)", "underscore"),
    ".": ("(dots|periods|a dot)", "dot"),
    ":": ("(colons|a colon)", "colon"),
    "=": ("(equals signs|an equals sign)", "equals sign"),
}
NUMBER_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@cache
def phrase_book(domain: Domain) -> dict[str, dict[str, tuple[str, ...]]]:
    """Patterns of every step: key -> split -> patterns; a domain's own win over common ones."""
    book: dict[str, dict[str, tuple[str, ...]]] = {}
    for name in ("common", domain):
        text = (files("t2l.tasks") / "phrases" / f"{name}.yaml").read_text(encoding="utf-8")
        for key, splits in yaml.safe_load(text).items():
            book[key] = {split: tuple(patterns) for split, patterns in splits.items()}
    return book


def patterns(domain: Domain, operation: Operation, split: str) -> tuple[str, ...]:
    """The phrase patterns of a step.

    :raises KeyError: if the phrase book lacks the step.
    """
    return phrase_book(domain)[operation.key or operation.name][split]


def order_operations() -> list[Operation]:
    """Steps that reorder the items."""
    return [
        Operation("reverse", "order", lambda v: v[::-1]),
        Operation("sort", "order", lambda v: tuple(sorted(v))),
        Operation("sort_descending", "order", lambda v: tuple(sorted(v, reverse=True))),
        Operation("rotate_left", "order", lambda v: v[1:] + v[:1]),
        Operation("rotate_right", "order", lambda v: v[-1:] + v[:-1]),
        Operation("swap_ends", "order", lambda v: v[-1:] + v[1:-1] + v[:1]),
        Operation("swap_first_two", "order", lambda v: (v[1], v[0], *v[2:])),
    ]


def select_operations() -> list[Operation]:
    """Steps that keep some items by their place."""
    return [
        Operation("first", "select", lambda v: v[:1]),
        Operation("last", "select", lambda v: v[-1:]),
        Operation("second", "select", lambda v: v[1:2]),
        Operation("drop_first", "select", lambda v: v[1:]),
        Operation("drop_last", "select", lambda v: v[:-1]),
        Operation("first_two", "select", lambda v: v[:2]),
        Operation("last_two", "select", lambda v: v[-2:]),
        Operation("ends", "select", lambda v: (v[0], v[-1])),
    ]


def join_operations(domain: Domain) -> list[Operation]:
    """Steps that change what is written between the items."""
    rows = [
        Operation(
            f"join:{symbol}",
            "join",
            lambda v: v,
            separator=symbol,
            key="join",
            slots={"many": many, "one": one},
        )
        for symbol, (many, one) in JOINS.items()
    ]
    if domain == "letters":
        return [*rows, Operation("join:space", "join", lambda v: v, separator=" ")]
    return [*rows, Operation("join:nothing", "join", lambda v: v, separator="")]


def word_operations() -> list[Operation]:
    """Steps on the letters of each word, filters, counts and questions on words."""
    rows = [
        Operation("upper", "map", each(str.upper)),
        Operation("capitalise", "map", each(str.capitalize)),
        Operation("reverse_letters", "map", each(lambda w: w[::-1])),
        Operation("first_letter", "map", each(lambda w: w[0])),
        Operation("last_letter", "map", each(lambda w: w[-1])),
        Operation("drop_first_letter", "map", each(lambda w: w[1:])),
        Operation("drop_last_letter", "map", each(lambda w: w[:-1])),
        Operation("double_word", "map", each(lambda w: w * 2)),
        Operation("double_first_letter", "map", each(lambda w: w[0] + w)),
        Operation("double_last_letter", "map", each(lambda w: w + w[-1])),
        Operation("length", "map", each(lambda w: str(len(w)))),
        Operation("star_vowels", "map", each(lambda w: _mapped(w, lambda c: "*"))),
        Operation("drop_vowels", "map", each(lambda w: _mapped(w, lambda c: ""))),
        Operation("brackets", "map", each(lambda w: f"({w})")),
        Operation("count", "reduce", lambda v: (str(len(v)),)),
        Operation("alphabetically_first", "select", lambda v: (min(v),)),
        Operation("alphabetically_last", "select", lambda v: (max(v),)),
        Operation("judge:sorted", "judge", judge(lambda v: list(v) == sorted(v))),
        Operation("judge:first_before_last", "judge", judge(lambda v: v[0] < v[-1])),
    ]
    for letter in PARAMETER_LETTERS:
        rows += _word_letter_operations(letter)
    for symbol, name in SYMBOLS.items():
        article = "an" if name.startswith("(excl") else "a"
        rows.append(
            Operation(
                f"append:{symbol}",
                "map",
                each(lambda w, symbol=symbol: w + symbol),
                key="append_symbol",
                slots={"p": symbol, "name": name, "article": article},
            )
        )
    return rows


def _word_letter_operations(letter: str) -> list[Operation]:
    """The steps on words that take a letter."""

    def has(word: str) -> bool:
        return letter in word

    def lacks(word: str) -> bool:
        return letter not in word

    return _with_parameter(
        letter,
        {"p": letter},
        [
            ("append", "map", each(lambda w: w + letter), None),
            ("prepend", "map", each(lambda w: letter + w), None),
            ("containing", "filter", keep(has), some_not_all(has)),
            ("without", "filter", keep(lacks), some_not_all(has)),
            ("count_containing", "reduce", count(has), any_of(has)),
            ("judge:containing", "judge", judge(any_of(has)), None),
        ],
    )


def digit_operations() -> list[Operation]:
    """Arithmetic, filters, counts and questions on short lists of digits."""
    rows = [
        Operation("max", "select", lambda v: (max(v),)),
        Operation("min", "select", lambda v: (min(v),)),
        Operation("sum", "reduce", lambda v: (str(sum(map(int, v))),), at_most(3)),
        Operation("difference", "reduce", lambda v: (str(abs(int(v[0]) - int(v[-1]))),)),
        Operation("double", "map", each(lambda d: str(2 * int(d)))),
        Operation("parity", "map", each(lambda d: "odd" if odd(d) else "even")),
        Operation("spell", "map", each(lambda d: NUMBER_NAMES[int(d)]), at_most(3)),
        Operation("complement", "map", each(lambda d: str(9 - int(d)))),
        Operation("evens", "filter", keep(even), some_not_all(even)),
        Operation("odds", "filter", keep(odd), some_not_all(odd)),
        Operation("count", "reduce", lambda v: (str(len(v)),)),
        Operation("count_even", "reduce", count(even), any_of(even)),
        Operation("count_odd", "reduce", count(odd), any_of(odd)),
        Operation("judge:first_greater", "judge", judge(lambda v: v[0] > v[-1])),
        Operation("judge:sorted", "judge", judge(lambda v: list(v) == sorted(v))),
    ]
    for number in PARAMETER_NUMBERS:
        rows += _digit_number_operations(number)
    return rows


def even(digit: str) -> bool:
    """Whether a digit is even."""
    return int(digit) % 2 == 0


def odd(digit: str) -> bool:
    """Whether a digit is odd."""
    return int(digit) % 2 == 1


def _digit_number_operations(number: int) -> list[Operation]:
    """The steps on digits that take a number."""

    def above(digit: str) -> bool:
        return int(digit) > number

    def below(digit: str) -> bool:
        return int(digit) < number

    return _with_parameter(
        str(number),
        {"p": str(number), "name": NUMBER_NAMES[number]},
        [
            ("add", "map", each(lambda d: str(int(d) + number)), None),
            ("greater", "filter", keep(above), some_not_all(above)),
            ("less", "filter", keep(below), some_not_all(below)),
            ("count_greater", "reduce", count(above), any_of(above)),
            ("judge:has", "judge", judge(lambda v: str(number) in v), None),
        ],
    )


def letter_operations() -> list[Operation]:
    """Steps on a single string: case, doubling, removal, replacement, counts, questions."""
    rows = [
        Operation("upper", "map", each(str.upper)),
        Operation("double_each", "map", each(lambda c: c * 2)),
        Operation("repeat", "order", lambda v: v + v, at_most(4)),
        Operation("mirror", "order", lambda v: v + v[::-1], at_most(4)),
        Operation("next", "map", each(lambda c: chr((ord(c) - 96) % 26 + 97))),
        Operation("previous", "map", each(lambda c: chr((ord(c) - 98) % 26 + 97))),
        Operation("count", "reduce", lambda v: (str(len(v)),)),
    ]
    for letter in PARAMETER_LETTERS:
        rows += _string_letter_operations(letter)
    return rows


def _string_letter_operations(letter: str) -> list[Operation]:
    """The steps on a string that take a letter."""

    def same(item: str) -> bool:
        return item == letter

    def other(item: str) -> bool:
        return item != letter

    return _with_parameter(
        letter,
        {"p": letter},
        [
            ("remove", "filter", keep(other), some_not_all(same)),
            ("star", "map", each(lambda c: c.replace(letter, "*")), some_not_all(same)),
            ("raise", "map", each(lambda c: c.replace(letter, letter.upper())), some_not_all(same)),
            ("count", "reduce", count(same), any_of(same)),
            ("judge:has", "judge", judge(any_of(same)), None),
        ],
    )


def _with_parameter(
    value: str,
    slots: Mapping[str, str],
    rows: Iterable[tuple[str, Kind, Function, Callable[[Items], bool] | None]],
) -> list[Operation]:
    """Operations named `<key>:<value>`, said with the key's phrases."""
    return [
        Operation(f"{key}:{value}", kind, function, accepts, key=f"{key}:", slots=slots)
        for key, kind, function, accepts in rows
    ]


def _mapped(word: str, vowel: Callable[[str], str]) -> str:
    """The word with every vowel replaced."""
    return "".join(vowel(letter) if letter in VOWELS else letter for letter in word)


def operations(domain: Domain) -> list[Operation]:
    """Every single step that applies to a domain, in a fixed order."""
    own = {"words": word_operations, "digits": digit_operations, "letters": letter_operations}
    return [*order_operations(), *select_operations(), *join_operations(domain), *own[domain]()]
