"""What a skill is: one thing that can be asked for, with examples and, if it can follow another, a
function on a text.

    draw(rng, part) -> Sample            a fresh question and its answers
    apply(text) -> answers or None       the same on a text that another skill gave: compositions

`takes` and `gives` are kinds of text; a skill can follow another if it takes what that one gives.
Every skill has an entry in a phrase book (`phrases/<book>.yaml`), which says it in many ways.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from t2l.tasks.source import Part, Sample

Draw = Callable[[random.Random, Part], Sample]
Apply = Callable[[str], tuple[str, ...] | None]


@dataclass(frozen=True)
class Skill:
    """One thing that can be asked for.

    :param name: stable identifier, e.g. `antonym` or `add:3`; unique in the world.
    :param kind: what it is a case of: `relation`, `list`, `format`, `extract`, `classify`,
        `number`, `question` or `rewrite`.
    :param book: the phrase book that says it, a file of `phrases/`.
    :param takes: what its input is: `word`, `country`, `number`, `list`, `sentence`, `text`, ...
    :param gives: what its answer is, in the same terms.
    :param draw: a fresh example of a part. Inputs of `test` are in no `train` example.
    :param apply: right answers for a text, the taught one first; None where it has none. A skill
        without it cannot follow another.
    :param key: entry in the phrase book; the name up to its colon by default.
    :param slots: what the phrases' `<slot>` holes are filled with.
    :param held_out: whether no training may see it: a whole unseen relation or kind.
    """

    name: str
    kind: str
    book: str
    takes: str
    gives: str
    draw: Draw
    apply: Apply | None = None
    key: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    held_out: bool = False

    @property
    def entry(self) -> str:
        """Its key in the phrase book."""
        return self.key or self.name.split(":")[0]
