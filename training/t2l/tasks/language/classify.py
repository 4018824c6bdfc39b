"""Classification tasks: a criterion with a label for each of its classes.

    "Answer up if the review is positive, and down if the writer dislikes it."
    "The soup was lovely." -> "up"

A description joins a condition of each class with its label, in a frame. The same criterion comes
with many labels, so the label has to be read from the description.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from t2l.tasks.language.carriers import with_capital
from t2l.tasks.language.criteria import Criterion, criteria
from t2l.tasks.language.labels import Scheme, mixed, schemes
from t2l.tasks.language.phrases import read_book
from t2l.tasks.language.surface import typed
from t2l.tasks.phrasing import expand
from t2l.tasks.source import Part, Sample, Split

Group = Literal["train", "labels", "whole"]
TRAIN_SCHEMES = 6  # of a criterion that is trained on, the natural one among them
MIXED_SCHEMES = 10  # of it, of words that do not belong together
UNSEEN_SCHEMES = 2  # of it with words that no training task has together
WHOLE_SCHEMES = 3  # of a criterion that no training sees
SEED = 0  # of the choice of schemes
MOST_DESCRIPTIONS = 12  # to train on: a criterion has many schemes, told alike but for the labels
DESCRIPTION_TRIES = 20  # draws for each description that is asked for
PLACES = "pqr"  # what the classes are called in frames
SIZES = {2: "two", 3: "three"}

_HOLE = re.compile(r"<(\w+)>")


@dataclass(frozen=True, eq=False)
class ClassifyTask:
    """A criterion answered with the labels of a scheme.

    :param group: in which way it can be unseen: not at all, by its `labels`, or as a `whole`.
    """

    criterion: Criterion
    labels: Scheme
    group: Group

    @property
    def name(self) -> str:
        """Stable identifier: `classify/sentiment=up|down`."""
        return f"classify/{self.criterion.name}={'|'.join(self.labels)}"

    @property
    def family(self) -> str:
        """Its kind."""
        return self.criterion.kind

    @property
    def takes(self) -> str:
        """What kind of text its input is."""
        return self.criterion.takes

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        """A fresh example; labels are right in any case."""
        text, index = self.criterion.draw(rng, part)
        label = self.labels[index]
        cases = (label, label.lower(), label.upper(), label.capitalize())
        return Sample(text, label, tuple(dict.fromkeys(cases))[1:])

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """Up to `count` distinct descriptions, in a seeded order."""
        if split == "train":
            count = min(count, MOST_DESCRIPTIONS)
        rng = random.Random(f"{self.name}|{split}|{seed}")
        found: dict[str, None] = {}
        for _ in range(DESCRIPTION_TRIES * count):
            found[self._description(split, rng)] = None
            if len(found) == count:
                break
        return tuple(found)

    def _description(self, split: Split, rng: random.Random) -> str:
        frame = rng.choice(rng.choice(frames(len(self.labels), split)))
        parts = {"x": self.criterion.takes}
        for index, place in enumerate(PLACES[: len(self.labels)]):
            clauses, nouns = conditions(self.criterion, index, split)
            clause, noun = rng.choice(rng.choice(clauses)), rng.choice(rng.choice(nouns))
            parts |= {place: self.labels[index], f"if_{place}": clause, f"a_{place}": noun}
            parts |= {f"If_{place}": with_capital(clause), f"A_{place}": with_capital(noun)}
            parts[f"eg_{place}"] = self.criterion.text_of(index, rng, "train")
        text = _HOLE.sub(lambda match: parts[match[1]], frame)
        text = text.replace('.".', '".').replace("..", ".")  # a part may end in a stop of its own
        return typed(with_capital_start(text, self.labels), self.labels, rng)


def with_capital_start(text: str, labels: Scheme) -> str:
    """The text with a capital at its start, unless it starts with a label."""
    return text if text.startswith(labels) else with_capital(text)


@cache
def frames(classes: int, split: Split) -> tuple[tuple[str, ...], ...]:
    """The frames for so many classes, each with its choices written out and its holes left."""
    cores = read_book("labels")[SIZES[classes]][split]
    holes = {hole: f"<{hole}>" for core in cores for hole in _HOLE.findall(core)}
    return tuple(_lines(core, holes) for core in cores)


def _lines(core: str, holes: dict[str, str]) -> tuple[str, ...]:
    """The choices of a frame, which may have several lines."""
    if "\n" not in core:
        return expand(core, holes)
    return (core,)


def conditions(
    criterion: Criterion, index: int, split: Split
) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """How a class is told: clauses for after "if", and noun phrases; the choices of each core."""
    said = read_book("criteria")[criterion.classes[index]][split]
    slots = tuple(sorted(criterion.slots.items()))
    return _written(tuple(said["if"]), slots), _written(tuple(said["for"]), slots)


@cache
def _written(
    cores: tuple[str, ...], slots: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, ...], ...]:
    return tuple(expand(core, dict(slots)) for core in cores)


def _tasks() -> tuple[ClassifyTask, ...]:
    rows = []
    for row in criteria():
        if row.held_out:
            rows += [
                ClassifyTask(row, found, "whole")
                for found in schemes(row, SEED, WHOLE_SCHEMES, "train")
            ]
            continue
        trained = (*schemes(row, SEED, TRAIN_SCHEMES, "train"), *mixed(row, SEED, MIXED_SCHEMES))
        rows += [ClassifyTask(row, found, "train") for found in trained]
        rows += [
            ClassifyTask(row, found, "labels")
            for found in schemes(row, SEED, UNSEEN_SCHEMES, "held_out")
        ]
    return tuple(rows)


CLASSIFY: tuple[ClassifyTask, ...] = _tasks()
