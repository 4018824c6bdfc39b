"""Single strings: case, doubling, removal, replacement, counts and questions."""

from t2l.tasks.procedural.common import join_operations, order_operations, select_operations
from t2l.tasks.procedural.domain import Chain, Domain, split_select
from t2l.tasks.procedural.operation import (
    Operation,
    any_of,
    at_most,
    count,
    each,
    judge,
    keep,
    some_not_all,
    with_parameter,
)

# Letters that strings are made of, and that a step can be about; repeated letters are common
# because the set is small.
LETTERS = "abcdeilnoprst"


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
    for letter in LETTERS:
        rows += _string_letter_operations(letter)
    return rows


def _string_letter_operations(letter: str) -> list[Operation]:
    """The steps on a string that take a letter."""

    def same(item: str) -> bool:
        return item == letter

    def other(item: str) -> bool:
        return item != letter

    return with_parameter(
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


def chains(by_kind: dict[str, list[Operation]]) -> list[Chain]:
    """The shapes of compositions of letters."""
    maps = by_kind["map"]
    several, one = split_select(by_kind["select"])
    order, join, filters = by_kind["order"], by_kind["join"], by_kind["filter"]
    return [
        Chain((order, maps), 56),
        Chain(([*several, *one], maps), 40),
        Chain((order, join), 40),
        Chain((maps, join), 48),
        Chain((filters, maps), 40),
        Chain((order, several), 24),
        Chain((order, maps, join), 56),
        Chain((several, maps, join), 40),
        Chain((filters, order), 24, left_out=True),
        Chain((several, join), 24, left_out=True),
    ]


LETTERS_DOMAIN = Domain(
    name="letters",
    nouns={"n": "letters", "i": "letter", "l": "string"},
    subjects=("a string", "a short string", "a string of letters"),
    separator="",
    alphabet=tuple(LETTERS),
    repeats=True,
    sizes=(4, 5, 5),
    sizes_to_count=(3, 4, 5, 6, 7),
    operations=(
        *order_operations(),
        *select_operations(),
        *join_operations(strings=True),
        *letter_operations(),
    ),
    chains=chains,
)
