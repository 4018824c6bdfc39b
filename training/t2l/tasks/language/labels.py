"""Words that classes are answered with, joined into schemes.

    sentiment:  positive/negative   up/down   B/A   pear/apple   ...

A scheme has a label for every class of a criterion. Which word stands for which class is drawn, so
it can be learnt from the description only. Training's schemes are rows of the table, and mixtures
of words of any rows ("moon/7"), so that each word is met beside others. Held-out schemes are rows
of which training has no two words together.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from functools import cache
from typing import Literal

from t2l.tasks.language.criteria import Criterion, input_words
from t2l.tasks.language.vocabulary import read_words

Words = Literal["train", "held_out"]
Scheme = tuple[str, ...]
SIDES: tuple[Words, ...] = ("train", "held_out")
KINDS = ("values", "pairs", "threes")  # of rows of labels.yaml, taken from evenly


@cache
def rows(kind: str, words: Words) -> tuple[Scheme, ...]:
    """Rows of the table of labels."""
    return tuple(tuple(row.split()) for row in read_words("labels")[words][kind])


@cache
def label_words(words: Words) -> frozenset[str]:
    """Every word of the table, in small letters."""
    return frozenset(word.lower() for kind in KINDS for row in rows(kind, words) for word in row)


@cache
def _orders(kind: str, words: Words, classes: int) -> tuple[Scheme, ...]:
    """Every way to label so many classes with a row of a kind."""
    if kind == "values":
        return rows(kind, words) if classes == 2 else ()
    return tuple(
        order for row in rows(kind, words) for order in itertools.permutations(row, classes)
    )


def _is_letter(label: str) -> bool:
    """Whether a label is a single letter, which no text is taken for."""
    return len(label) == 1 and label.isalpha()


def schemes(criterion: Criterion, seed: int, count: int, words: Words) -> tuple[Scheme, ...]:
    """So many schemes of rows of the table for a criterion, no two with the same words.

    The natural one comes first among those of training rows.
    """
    rng = random.Random(f"labels|{criterion.name}|{words}|{seed}")
    found = (criterion.natural,) if words == "train" else ()
    pools = [pool for kind in KINDS if (pool := _orders(kind, words, len(criterion.classes)))]
    return _with_others(criterion, found, count, lambda: rng.choice(rng.choice(pools)))


def mixed(criterion: Criterion, seed: int, count: int) -> tuple[Scheme, ...]:
    """So many schemes of words that stand in different rows of the table."""
    rng = random.Random(f"labels|{criterion.name}|mixed|{seed}")
    every = _places()

    def drawn() -> Scheme:
        while True:
            scheme = tuple(rng.sample(sorted(every), len(criterion.classes)))
            met = [row for label in scheme for row in every[label]]
            small = {label.lower() for label in scheme}
            if len(met) == len(set(met)) and len(small) == len(scheme):
                return scheme

    return _with_others(criterion, (), count, drawn)


@cache
def _places() -> dict[str, tuple[int, ...]]:
    """Every word of the table with the rows in which it stands."""
    table = [row for words in SIDES for kind in KINDS for row in rows(kind, words)]
    found: dict[str, tuple[int, ...]] = {}
    for place, row in enumerate(table):
        for word in row:
            found[word] = (*found.get(word, ()), place)
    return found


def _with_others(
    criterion: Criterion, first: tuple[Scheme, ...], count: int, draw: Callable[[], Scheme]
) -> tuple[Scheme, ...]:
    """The first schemes and drawn ones that can't be taken for a text, up to so many."""
    found = list(first)
    used = {frozenset(scheme) for scheme in found}
    inputs = input_words(criterion)
    while len(found) < count:
        scheme = draw()
        misleading = any(label.lower() in inputs for label in scheme if not _is_letter(label))
        if misleading or frozenset(scheme) in used:
            continue
        used.add(frozenset(scheme))
        found.append(scheme)
    return tuple(found)
