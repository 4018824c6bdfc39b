"""Short lists of digits: arithmetic, filters, counts and questions."""

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

NUMBERS = range(1, 9)  # numbers that a step can be about
NUMBER_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


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
    for number in NUMBERS:
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

    return with_parameter(
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


def chains(by_kind: dict[str, list[Operation]]) -> list[Chain]:
    """The shapes of compositions of digits."""
    maps = by_kind["map"]
    several, one = split_select(by_kind["select"])
    order, join, filters = by_kind["order"], by_kind["join"], by_kind["filter"]
    return [
        Chain((order, maps), 48),
        Chain(([*several, *one], maps), 56),
        Chain((order, join), 40),
        Chain((several, join), 32),
        Chain((maps, join), 40),
        Chain((filters, maps), 56),
        Chain((order, several), 24),
        Chain((order, maps, join), 64),
        Chain((filters, maps, join), 48),
        Chain((filters, order), 24, left_out=True),
        Chain((several, maps, join), 24, left_out=True),
    ]


DIGITS_DOMAIN = Domain(
    name="digits",
    nouns={"n": "numbers", "i": "number", "l": "list"},
    subjects=("a list of numbers", "a few numbers", "some numbers"),
    separator=" ",
    alphabet=tuple("0123456789"),
    repeats=True,
    sizes=(3, 4, 5),
    sizes_to_count=(1, 2, 3, 4, 5),
    operations=(
        *order_operations(),
        *select_operations(),
        *join_operations(strings=False),
        *digit_operations(),
    ),
    chains=chains,
)
