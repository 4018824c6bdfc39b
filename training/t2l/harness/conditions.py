"""What adapter a benchmark is scored with: its own, or one that a control asks for.

    plain            none: the base model as it is
    matched          made of a description of the benchmark
    shuffled         made of a description of a benchmark of another kind
    junk_words       made of random words
    junk_characters  made of random characters
    static           the mean of the adapters of the training tasks: one for all benchmarks

As in `evaluate/conditions/controls.py`: what only the right description brings is its difference
from the others. The same seed plans the same texts.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from t2l.harness.library import HarnessError
from t2l.harness.suite import Suite
from t2l.tasks.off_topic import random_characters, random_words

CONDITIONS = ("plain", "matched", "shuffled", "junk_words", "junk_characters", "static")
USUAL = ("plain", "matched", "shuffled", "junk_words", "static")
ONCE = ("plain", "static")  # no description, so the same for all of them
_JUNK = {"junk_words": random_words, "junk_characters": random_characters}


@dataclass(frozen=True)
class Trial:
    """One scoring of one benchmark.

    :param draw: which description of the benchmark, or which text in its place; 0 for `ONCE`.
    :param text: what the adapter is made of, None for `ONCE`.
    """

    benchmark: str
    condition: str
    draw: int
    text: str | None


def trials(
    suite: Suite, names: Sequence[str], conditions: Sequence[str], draws: int, seed: int
) -> tuple[Trial, ...]:
    """All scorings, benchmark by benchmark, in the order of the conditions.

    :param names: of the suite's benchmarks.
    :param draws: most descriptions of a benchmark.
    :raises HarnessError: for a condition that there is not, or that the suite has no texts for.
    """
    unknown = [name for name in conditions if name not in CONDITIONS]
    if unknown:
        raise HarnessError(f"no condition {unknown[0]}; there are {', '.join(CONDITIONS)}")
    return tuple(
        Trial(name, condition, draw, _text(suite, name, condition, draw, seed))
        for name in names
        for condition in conditions
        for draw in range(
            1 if condition in ONCE else min(draws, len(suite.benchmarks[name].descriptions))
        )
    )


def _text(suite: Suite, name: str, condition: str, draw: int, seed: int) -> str | None:
    own = suite.benchmarks[name]
    rng = random.Random(f"{condition}|{seed}|{name}|{draw}")
    if condition == "matched":
        return own.descriptions[draw]
    if condition == "shuffled":
        others = [one for one in suite.benchmarks.values() if one.kind != own.kind]
        if not others:
            raise HarnessError(
                f"shuffled needs a benchmark of another kind than {own.kind}, and suite "
                f"{suite.name} has none: leave shuffled out of --conditions"
            )
        return rng.choice(rng.choice(others).descriptions)
    return _JUNK[condition](rng) if condition in _JUNK else None
