"""Lists of words or numbers with commas between them: how they are read, written and drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache

from t2l.tasks.language.drawing import one
from t2l.tasks.language.skill import Apply
from t2l.tasks.language.vocabulary import kind_words, names, read_words, small_words, words_of
from t2l.tasks.source import Part

SHORTEST, LONGEST = 3, 6  # items of a list
KINDS = tuple(read_words("lists_kinds")["kinds"])


def items_of(text: str) -> tuple[str, ...] | None:
    """The items of a list, or None if the text is none."""
    items = tuple(text.split(", "))
    return items if len(items) > 1 and all(items) else None


def joined(items: Sequence[str]) -> str:
    """A list as it is written."""
    return ", ".join(items)


def on_items(function: Callable[[tuple[str, ...]], str | None]) -> Apply:
    """Makes a function on items one on the text of a list."""

    def solve(text: str) -> str | None:
        items = items_of(text)
        return None if items is None else function(items)

    return one(solve)


def mixed(rng: random.Random, part: Part, low: int = SHORTEST, high: int = LONGEST) -> str:
    """A list of different words: everyday words, at times names or words of a single kind."""
    count = rng.randint(low, high)
    share = rng.random()
    if share < 0.7:
        pool: tuple[str, ...] = small_words(part)
    elif share < 0.85:
        pool = names(rng.choice(("first", "city", "country")), part)
    else:
        pool = kind_words(rng.choice(("animal", "fruit", "colour", "body part")), part)
    return joined(rng.sample(pool, min(count, len(pool))))


def of_words(rng: random.Random, part: Part) -> str:
    """A list of words in small letters, of several lengths."""
    return joined(rng.sample(small_words(part), rng.randint(SHORTEST, LONGEST)))


def short_list(rng: random.Random, part: Part) -> str:
    """A list of three or four items."""
    return mixed(rng, part, SHORTEST, SHORTEST + 1)


def medium_list(rng: random.Random, part: Part) -> str:
    """A list of three to five items."""
    return mixed(rng, part, SHORTEST, SHORTEST + 2)


def _near(kind: str) -> tuple[str, ...]:
    return tuple(read_words("lists_kinds")["near"].get(kind, ()))


def clash(kind: str, other: str) -> bool:
    """Whether words of two kinds could be taken for each other."""
    return kind == other or other in _near(kind) or kind in _near(other)


def with_kind(kind: str, rng: random.Random, part: Part) -> tuple[list[str], str]:
    """A list with exactly one word of a kind, and that word."""
    others = [other for other in KINDS if not clash(kind, other)]
    chosen = rng.sample(others, rng.randint(SHORTEST, LONGEST - 1) - 1)
    items = [rng.choice(kind_words(other, part)) for other in chosen]
    wanted = rng.choice(kind_words(kind, part))
    items.insert(rng.randrange(len(items) + 1), wanted)
    return items, wanted


def with_double(rng: random.Random, part: Part) -> tuple[list[str], str]:
    """A list with one word in it twice, and that word."""
    items = rng.sample(small_words(part), rng.randint(SHORTEST, LONGEST - 2))
    double = rng.choice(items)
    items.insert(rng.randrange(len(items) + 1), double)
    return items, double


@cache
def _number_pool(part: Part) -> tuple[int, ...]:
    every = tuple(str(value) for value in range(1, 100))
    return tuple(int(value) for value in words_of(every, part))


def numbers(rng: random.Random, part: Part) -> list[int]:
    """Different numbers; those of a list's part are its own."""
    return rng.sample(_number_pool(part), rng.randint(SHORTEST, 5))
