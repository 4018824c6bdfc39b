"""The behaviours that there are, split before anything is trained.

    train      trained values of trained kinds, and pairs of them from two kinds
    selection  pairs that are trained on in neither order
    report     values of trained kinds, whole kinds, and pairs that no training sees

What a behaviour does is written down nowhere: the base model that is told of it shows it
(`replies.py`).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from t2l.tasks.behaviours.book import Kind, kinds
from t2l.tasks.source import Split

Group = Literal["train", "selection", "value", "kind", "pair"]
UNSEEN: tuple[Group, ...] = ("value", "kind", "pair")
SELECTION_PAIRS = 24
REPORT_PAIRS = 12
DESCRIPTION_TRIES = 20  # draws for each description that is asked for


@dataclass(frozen=True)
class Behaviour:
    """How to answer: one value of a kind, or one each of two.

    :param group: what of it is unseen: nothing, a `value` of a trained kind, its `kind`, or that
        the two come together.
    """

    parts: tuple[tuple[Kind, str], ...]
    group: Group

    @property
    def name(self) -> str:
        """Stable identifier: `persona/a-pirate`, `tone/sad+length/one-word`."""
        return "+".join(f"{kind.name}/{value.replace(' ', '-')}" for kind, value in self.parts)

    @property
    def family(self) -> str:
        """Its kinds."""
        return "+".join(kind.name for kind, _ in self.parts)

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """Up to `count` distinct descriptions, in a seeded order.

        A kind that is unseen as a whole has held-out ones only, whatever split is asked for.
        """
        rng = random.Random(f"{self.name}|{split}|{seed}")
        found: dict[str, None] = {}
        for _ in range(DESCRIPTION_TRIES * count):
            found[self._draw(split, rng)] = None
            if len(found) == count:
                break
        return tuple(found)

    def _draw(self, split: Split, rng: random.Random) -> str:
        asked = [
            rng.choice(kind.phrases(value, "held_out" if kind.whole else split))
            for kind, value in self.parts
        ]
        rng.shuffle(asked)
        return " ".join(asked)


@cache
def behaviours(pairs: int, seed: int) -> tuple[Behaviour, ...]:
    """All behaviours, those to train on first.

    :param pairs: how many pairs to train on, at most.
    :param seed: of the choice of pairs.
    """
    trained = [(kind, value) for kind in kinds() for value in kind.values]
    every = [(a, b) for a, b in itertools.combinations(trained, 2) if a[0] is not b[0]]
    random.Random(f"behaviours|{seed}").shuffle(every)
    report, selection = every[:REPORT_PAIRS], every[REPORT_PAIRS:][:SELECTION_PAIRS]
    rest = every[REPORT_PAIRS + SELECTION_PAIRS :][:pairs]
    return (
        *(Behaviour((one,), "train") for one in trained),
        *(Behaviour(pair, "train") for pair in rest),
        *(Behaviour(pair, "selection") for pair in selection),
        *(
            Behaviour(((kind, value),), "kind" if kind.whole else "value")
            for kind in kinds()
            for value in kind.unseen
        ),
        *(Behaviour(pair, "pair") for pair in report),
    )


def of_groups(every: Sequence[Behaviour], groups: Sequence[Group]) -> tuple[Behaviour, ...]:
    """Those of some groups, in their order."""
    return tuple(one for one in every if one.group in groups)
