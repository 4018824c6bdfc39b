"""The tasks of skills: each alone, and compositions of two and three, on the sides of the split.

Of tasks that compute the same thing only one is kept: of skills a trained one, of compositions an
unseen one. Unseen compositions are of trained skills only, or have one that is held out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from t2l.tasks.language.compose import Judge, extended, followers, pairs
from t2l.tasks.language.sides import UNSEEN, Side, WorldSplit, group_of, in_turn, place, side_of
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.task import Group, LanguageTask

THIRD_SHARE = 0.008  # of compositions of two, those that are followed by a third


@dataclass(frozen=True)
class Quota:
    """How many compositions a side takes.

    :param tasks: at most so many of all.
    :param family: at most so many of the same kinds of steps.
    :param first: at most so many with the same first step.
    :param later: at most so many with the same later step.
    """

    tasks: int
    family: int
    first: int
    later: int


# of two steps, and of three
TRAINED = (Quota(tasks=1000, family=130, first=20, later=40), Quota(260, 30, 6, 10))
COMBINED = {
    "report": (Quota(48, 7, 2, 4), Quota(12, 2, 1, 2)),
    "selection": (Quota(11, 2, 1, 2), Quota(3, 1, 1, 1)),
}
WHOLE = {  # compositions with a skill that is held out
    "report": (Quota(14, 2, 2, 2), Quota(2, 1, 1, 1)),
    "selection": (Quota(3, 1, 1, 1), Quota(1, 1, 1, 1)),
}
ALONE = {  # skills that are held out
    "report": {"whole": 36, "parameter": 15},
    "selection": {"whole": 7, "parameter": 4},
}


def split_skills(skills: Sequence[Skill], seed: int) -> WorldSplit:
    """The tasks of skills, alone and in compositions.

    Unseen compositions are of trained skills only, or have one that is held out.
    """
    judge = Judge(skills)
    known = {(row.book, row.entry) for row in skills if not row.held_out}

    def grouped(task: LanguageTask) -> LanguageTask:
        return replace(task, group=group_of(task, known))

    alone = [grouped(LanguageTask((row,))) for row in in_order_of_training(skills)]
    alone = [task for task in alone if judge.add(task)]
    kept = {task.steps[0].name for task in alone}
    sides: dict[tuple[Side | None, Group], list[LanguageTask]] = {}
    for task in compositions([row for row in skills if row.name in kept], seed):
        sides.setdefault((side_of(task, seed), group_of(task, known)), []).append(task)

    def accepts(task: LanguageTask) -> bool:
        return judge.works(task) and judge.add(task)

    def composed(side: Side, group: Group, quotas: tuple[Quota, Quota]) -> Iterator[LanguageTask]:
        yield from map(grouped, taken(sides.get((side, group), ()), quotas, accepts))

    def single(side: Side) -> list[LanguageTask]:
        return [task for task in alone if side_of(task, seed) == side]

    unseen = {
        side: (
            *composed(side, "composition", COMBINED[side]),
            *_unseen_skills(single(side), side, seed),
            *composed(side, "whole", WHOLE[side]),
        )
        for side in UNSEEN
    }
    return WorldSplit(
        train=(*single("train"), *composed("train", "composition", TRAINED)),
        selection=unseen["selection"],
        report=unseen["report"],
    )


def compositions(skills: Sequence[Skill], seed: int) -> list[LanguageTask]:
    """Every composition of two skills, and a part of those of three, in the order of their hash."""
    following = followers(skills)
    two = list(pairs(skills, following))
    starts = [task for task in two if place(task.name, seed, "third") < THIRD_SHARE]
    every = [*two, *extended(starts, following)]
    return sorted(every, key=lambda task: place(task.name, seed, "order"))


def taken(
    tasks: Sequence[LanguageTask],
    quotas: tuple[Quota, Quota],
    accepts: Callable[[LanguageTask], bool],
) -> list[LanguageTask]:
    """The first tasks of two and of three steps that the quotas allow and that are accepted."""
    return [
        task
        for steps, quota in zip((2, 3), quotas, strict=True)
        for task in _taken([row for row in tasks if len(row.steps) == steps], quota, accepts)
    ]


def _taken(
    tasks: Sequence[LanguageTask], quota: Quota, accepts: Callable[[LanguageTask], bool]
) -> list[LanguageTask]:
    """The same for tasks of one length: one of each family in turn."""
    families = {name: [] for name in sorted({task.family for task in tasks})}
    for task in tasks:
        families[task.family].append(task)
    waiting = {name: iter(rows) for name, rows in families.items()}
    found: list[LanguageTask] = []
    firsts: Counter[str] = Counter()
    laters: Counter[str] = Counter()

    def allowed(task: LanguageTask) -> bool:
        full = any(laters[step.name] >= quota.later for step in task.steps[1:])
        return not full and firsts[task.steps[0].name] < quota.first

    for _ in range(quota.family):
        for rows in waiting.values():
            if len(found) == quota.tasks:
                return found
            task = next((row for row in rows if allowed(row) and accepts(row)), None)
            if task is not None:
                found.append(task)
                firsts[task.steps[0].name] += 1
                laters.update(step.name for step in task.steps[1:])
    return found


def in_order_of_training(skills: Sequence[Skill]) -> list[Skill]:
    """The skills that are trained on, then the others."""
    return sorted(skills, key=lambda row: row.held_out)


def _unseen_skills(tasks: Sequence[LanguageTask], side: Side, seed: int) -> Iterator[LanguageTask]:
    """Skills that are held out, of each group as many as a side takes, one of each kind in turn."""
    for group, count in ALONE[side].items():
        rows = [task for task in tasks if task.group == group]
        yield from in_turn(rows, lambda task: task.family, count, seed)
