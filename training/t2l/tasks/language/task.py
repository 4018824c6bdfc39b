"""A task of language: one skill, or two or three in a row.

    sample: first.draw -> second.apply -> third.apply      "France" -> "Paris" -> "PARIS"

Every step of an example is visible: leaving one out would give another answer.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from t2l.tasks.language.carriers import describe
from t2l.tasks.language.skill import Skill
from t2l.tasks.source import Part, Sample, Split

Group = Literal["train", "composition", "labels", "parameter", "whole"]
MAX_ANSWER_WORDS = 14  # longer answers cost tokens and teach nothing new
MAX_TRIES = 500  # draws before a task is declared impossible
DESCRIPTION_TRIES = 20  # draws for each description that is asked for


@dataclass(frozen=True, eq=False)
class LanguageTask:
    """A named skill, or a composition of skills of which each takes what the one before gives.

    :param group: in which way it can be unseen: not at all, as a `composition` of trained skills,
        by a `parameter` of a trained skill, or as a `whole`.
    """

    steps: tuple[Skill, ...]
    group: Group = "train"

    @property
    def name(self) -> str:
        """Stable identifier: `relation+format/capital+upper`."""
        return self._name

    @cached_property
    def _name(self) -> str:
        return f"{self.family}/" + "+".join([step.name for step in self.steps])

    @property
    def family(self) -> str:
        """The kinds of its steps: `relation+format`."""
        return "+".join([step.kind for step in self.steps])

    @property
    def takes(self) -> str:
        """What kind of text its input is."""
        return self.steps[0].takes

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        """A fresh example.

        :raises ValueError: if no input fits after `MAX_TRIES` draws.
        """
        for _ in range(MAX_TRIES):
            found = self.try_sample(rng, part)
            if found is not None:
                return found
        raise ValueError(f"task {self.name}: no input found in {MAX_TRIES} draws")

    def try_sample(self, rng: random.Random, part: Part = "train") -> Sample | None:
        """One draw; None if it does not make every step visible."""
        return self.finish(self.steps[0].draw(rng, part))

    def finish(self, drawn: Sample) -> Sample | None:
        """An example of all steps from one of the first; None if a step does not show in it."""
        if len(self.steps) == 1:
            return drawn
        answers = self.carry(drawn.answers)
        if not answers or not self._shows(drawn, answers[0]):
            return None
        return Sample(drawn.input, answers[0], answers[1:])

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """Up to `count` distinct descriptions, in a seeded order."""
        rng = random.Random(f"{self.name}|{split}|{seed}")
        found: dict[str, None] = {}
        for _ in range(DESCRIPTION_TRIES * count):
            found[describe(self.steps, split, rng)] = None
            if len(found) == count:
                break
        return tuple(found)

    def carry(self, firsts: tuple[str, ...]) -> tuple[str, ...]:
        """The answers of all steps, from those of the first; empty if a step has none."""
        return _carried(firsts, self.steps[1:])

    def _shows(self, drawn: Sample, answer: str) -> bool:
        """Whether every step shows in an answer: leaving one out would give another."""
        if answer == drawn.input or len(answer.split()) > MAX_ANSWER_WORDS:
            return False
        later = self.steps[1:]
        without_first = _carried((drawn.input,), later)
        shorter = [without_first] + [
            _carried((drawn.output,), later[:place] + later[place + 1 :])
            for place in range(len(later))
        ]
        return all(answers[:1] != (answer,) for answers in shorter)


def _carried(answers: tuple[str, ...], steps: tuple[Skill, ...]) -> tuple[str, ...]:
    """What the steps make of each of these answers; empty if they have no answer for the first."""
    for step in steps:
        assert step.apply is not None, step.name
        found = [step.apply(answer) for answer in answers]
        if not found or not found[0]:
            return ()
        answers = tuple(dict.fromkeys(answer for row in found if row for answer in row))
    return answers
