"""The world of language: every skill, every set of labels and the compositions, split by task.

train           a trained skill, or a criterion with labels, to train on
composition     trained skills in a row; the unseen ones are new combinations
labels          a text is sorted into classes; unseen are which words stand for the classes
parameter       a trained skill with a parameter that no training sees
whole           a skill or a criterion that no training sees, alone and in compositions
"""

from __future__ import annotations

from functools import cache

from t2l.tasks.language.classify import CLASSIFY
from t2l.tasks.language.extraction import SKILLS as EXTRACTION
from t2l.tasks.language.formats import SKILLS as FORMATS
from t2l.tasks.language.lists import SKILLS as LISTS
from t2l.tasks.language.numbers import SKILLS as NUMBERS
from t2l.tasks.language.questions import SKILLS as QUESTIONS
from t2l.tasks.language.relations import SKILLS as RELATIONS
from t2l.tasks.language.rewriting import SKILLS as REWRITING
from t2l.tasks.language.sides import GROUPS, WorldSplit, WorldTask, in_turn, place
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.split_labels import split_labels
from t2l.tasks.language.split_skills import split_skills


@cache
def language_tasks(limit: int | None = None, seed: int = 0) -> WorldSplit:
    """The world of language, split by task.

    :param limit: keep about this many tasks (for quick runs); None keeps all.
    :param seed: of the choice of compositions and of the split.
    """
    skills = every_skill()
    parts = (split_skills(skills, seed), split_labels(CLASSIFY, skills, seed))
    whole = WorldSplit(
        train=tuple(task for part in parts for task in part.train),
        selection=tuple(task for part in parts for task in part.selection),
        report=tuple(task for part in parts for task in part.report),
    )
    return whole if limit is None else fewer(whole, limit, seed)


def every_skill() -> tuple[Skill, ...]:
    """Every skill of the world, book by book."""
    books = (RELATIONS, LISTS, FORMATS, EXTRACTION, NUMBERS, QUESTIONS, REWRITING)
    return tuple(skill for book in books for skill in book)


def fewer(tasks: WorldSplit, limit: int, seed: int) -> WorldSplit:
    """About so many of the tasks, with the trained skills that the unseen compositions are made of.

    A fifth are of the report and a tenth for selection, evenly from all groups.
    """

    def group(task: WorldTask) -> str:
        return task.group

    report = in_turn(tasks.report, group, max(len(GROUPS), limit // 5), seed)
    selection = in_turn(tasks.selection, group, max(len(GROUPS), limit // 10), seed)
    needed = {step.name for task in (*report, *selection) for step in getattr(task, "steps", ())}
    count = max(1, limit - len(report) - len(selection))

    def use(task: WorldTask) -> tuple[bool, float]:
        steps = getattr(task, "steps", ())
        first = len(steps) == 1 and steps[0].name in needed
        return not first, place(task.name, seed, "order")

    return WorldSplit(tuple(sorted(tasks.train, key=use)[:count]), selection, report)
