"""What a domain of tasks is: its items, what they are called, its steps, and how steps combine.

A new domain is one file that makes a `Domain`, one file of phrases under `phrases/`, and one line
in `registry.py`.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from t2l.tasks.phrasing import expand_all
from t2l.tasks.procedural.operation import Items, Operation
from t2l.tasks.procedural.phrases import read_phrases


@dataclass(frozen=True)
class Chain:
    """One shape of composition: a list of steps to choose from at each place.

    :param places: the choices for the first step, the second and so on.
    :param quota: how many tasks of this shape there are at most.
    :param left_out: whether the shape is kept out of all training: the harder split.
    """

    places: tuple[Sequence[Operation], ...]
    quota: int
    left_out: bool = False


@dataclass(frozen=True)
class Domain:
    """A kind of input and everything that can be done with it.

    :param name: stable identifier, also the name of its file of phrases.
    :param nouns: what items are called: `n` many, `i` one, `l` all of them.
    :param subjects: what an input is called.
    :param separator: what stands between the items of an input.
    :param alphabet: the items inputs are made of.
    :param repeats: whether an item can occur twice.
    :param sizes: how many items an input has, drawn evenly.
    :param sizes_to_count: the same for tasks that count.
    :param operations: every single step, in a fixed order.
    :param chains: makes the shapes of compositions from the operations by kind.
    """

    name: str
    nouns: dict[str, str]
    subjects: tuple[str, ...]
    separator: str
    alphabet: tuple[str, ...]
    repeats: bool
    sizes: tuple[int, ...]
    sizes_to_count: tuple[int, ...]
    operations: tuple[Operation, ...]
    chains: Callable[[dict[str, list[Operation]]], list[Chain]]

    def draw(self, counts: bool, rng: random.Random) -> Items:
        """Random items; `counts` widens the lengths so that counting is needed."""
        size = rng.choice(self.sizes_to_count if counts else self.sizes)
        if self.repeats:
            return tuple(rng.choice(self.alphabet) for _ in range(size))
        return tuple(rng.sample(self.alphabet, size))

    def by_kind(self) -> dict[str, list[Operation]]:
        """The operations of every kind, in order."""
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.kind, []).append(operation)
        return found

    @cached_property
    def phrase_book(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Patterns of every step: key -> split -> patterns; its own win over the common ones."""
        book: dict[str, dict[str, tuple[str, ...]]] = {}
        for name in ("common", self.name):
            for key, splits in read_phrases(name).items():
                book[key] = {split: tuple(patterns) for split, patterns in splits.items()}
        return book

    def patterns(self, operation: Operation, split: str) -> tuple[str, ...]:
        """The phrase patterns of a step.

        :raises KeyError: if the phrase book lacks the step.
        """
        return self.phrase_book[operation.key or operation.name][split]

    def phrases(self, operation: Operation, split: str) -> tuple[str, ...]:
        """Every way to say a step.

        :raises KeyError: if the phrase book lacks the step.
        """
        return expand_all(self.patterns(operation, split), {**self.nouns, **operation.slots})


def split_select(select: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """The selections that can leave several items, and those that leave one."""
    names = ("drop_first", "drop_last", "ends", "first_two", "last_two")
    several = [row for row in select if row.name in names]
    return several, [row for row in select if row.name not in names]
