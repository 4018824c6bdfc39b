"""Lists of words: their letters, their order, questions about them."""

from collections.abc import Callable

from t2l.tasks.procedural.common import join_operations, order_operations, select_operations
from t2l.tasks.procedural.domain import Chain, Domain, split_select
from t2l.tasks.procedural.operation import (
    Operation,
    any_of,
    count,
    each,
    judge,
    keep,
    some_not_all,
    with_parameter,
)
from t2l.tasks.procedural.vocabulary import WORDS

VOWELS = "aeiou"
LETTERS = "abdegilmnoprstw"  # letters that a step can be about: frequent enough in the vocabulary
SYMBOLS = {
    "!": "(exclamation mark|exclamation point)",
    "?": "question mark",
    "*": "(star|asterisk)",
    "#": "(hash sign|number sign)",
}


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
    for letter in LETTERS:
        rows += _word_letter_operations(letter)
    for symbol, name in SYMBOLS.items():
        rows.append(
            Operation(
                f"append:{symbol}",
                "map",
                each(lambda w, symbol=symbol: w + symbol),
                key="append_symbol",
                slots={"p": symbol, "name": name},
                parameter=symbol,
            )
        )
    return rows


def _word_letter_operations(letter: str) -> list[Operation]:
    """The steps on words that take a letter."""

    def has(word: str) -> bool:
        return letter in word

    def lacks(word: str) -> bool:
        return letter not in word

    return with_parameter(
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


def _mapped(word: str, vowel: Callable[[str], str]) -> str:
    """The word with every vowel replaced."""
    return "".join(vowel(letter) if letter in VOWELS else letter for letter in word)


def chains(by_kind: dict[str, list[Operation]]) -> list[Chain]:
    """The shapes of compositions of words."""
    plain = [row for row in by_kind["map"] if not row.parameter]
    marked = ("append:!", "append:?", "append:s", "append:o", "prepend:a", "prepend:t", "prepend:n")
    maps = [*plain, *(row for row in by_kind["map"] if row.name in marked)]
    several, one = split_select(by_kind["select"])
    order, join, filters = by_kind["order"], by_kind["join"], by_kind["filter"]
    return [
        Chain((order, maps), 56),
        Chain(([*several, *one], maps), 56),
        Chain((order, join), 40),
        Chain((several, join), 32),
        Chain((maps, join), 48),
        Chain((filters, plain), 48),
        Chain((order, several), 24),
        Chain((order, maps, join), 64),
        Chain((several, maps, join), 48),
        Chain((filters, plain, join), 40),
        Chain((filters, order), 24, left_out=True),
        Chain((order, several, plain), 24, left_out=True),
    ]


WORDS_DOMAIN = Domain(
    name="words",
    nouns={"n": "words", "i": "word", "l": "list"},
    subjects=("a list of words", "a few words", "some words"),
    separator=" ",
    alphabet=WORDS,
    repeats=False,
    sizes=(3, 3, 4),
    sizes_to_count=(1, 2, 3, 4, 5),
    operations=(
        *order_operations(),
        *select_operations(),
        *join_operations(strings=False),
        *word_operations(),
    ),
    chains=chains,
)
