"""Draws examples of what is computed from a text."""

from __future__ import annotations

import random
from collections.abc import Callable

from t2l.tasks.language.skill import Apply, Draw
from t2l.tasks.source import Part, Sample

MAX_TRIES = 2000  # draws before a skill is declared impossible
Source = Callable[[random.Random, Part], str]


def draw_from(source: Source, apply: Apply) -> Draw:
    """Draws texts until one has an answer that differs from it.

    :param source: a fresh text of a part.
    :param apply: right answers for a text, None where it has none.
    """

    def draw(rng: random.Random, part: Part) -> Sample:
        for _ in range(MAX_TRIES):
            text = source(rng, part)
            answers = apply(text)
            if answers and answers[0] != text:
                return Sample(text, answers[0], answers[1:])
        raise ValueError(f"no text found in {MAX_TRIES} draws")

    return draw


def one(function: Callable[[str], str | None]) -> Apply:
    """Makes a function with a single answer say it as a tuple."""

    def apply(text: str) -> tuple[str, ...] | None:
        answer = function(text)
        return None if not answer else (answer,)

    return apply
