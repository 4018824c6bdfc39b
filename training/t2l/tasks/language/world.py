"""The world of language: every skill, every set of labels and the compositions, split by task.

    side(name) = train | selection | report, from a hash of the task's name and the seed

    train           a trained skill, or a criterion with labels, to train on
    composition     trained skills in a row; the unseen ones are new combinations
    labels          a text is sorted into classes; unseen are which words stand for the classes
    parameter       a trained skill with a parameter that no training sees
    whole           a skill or a criterion that no training sees, alone and in compositions

A task's side depends on nothing but its name, so content that is added moves no task from one side
to another; quotas then say how many of a side are taken, family by family in turn. Of tasks that
compute the same thing only one is kept: of skills a trained one, of compositions an unseen one.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal, TypeVar

from t2l.tasks.language.classify import CLASSIFY, ClassifyTask
from t2l.tasks.language.compose import Judge, extended, followers, pairs
from t2l.tasks.language.extraction import SKILLS as EXTRACTION
from t2l.tasks.language.formats import SKILLS as FORMATS
from t2l.tasks.language.lists import SKILLS as LISTS
from t2l.tasks.language.numbers import SKILLS as NUMBERS
from t2l.tasks.language.questions import SKILLS as QUESTIONS
from t2l.tasks.language.relations import SKILLS as RELATIONS
from t2l.tasks.language.rewriting import SKILLS as REWRITING
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.task import Group, LanguageTask
from t2l.tasks.source import Task, TaskSet

T = TypeVar("T", bound=Task)
WorldTask = LanguageTask | ClassifyTask
Side = Literal["train", "selection", "report"]
UNSEEN: tuple[Side, ...] = ("report", "selection")
GROUPS = ("composition", "labels", "parameter", "whole")  # the ways in which a task can be unseen
REPORT_SHARE = 0.25  # of compositions
SELECTION_SHARE = 0.1
SELECTION_SHARE_WHOLE = 0.2  # of skills that are held out; the report has the others
SELECTION_SHARE_CRITERIA = 0.3  # of criteria that are held out, of which there are few
SELECTION_SHARE_LABELS = 0.25  # of unseen labels; the report has the others
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
TRAINED = (Quota(tasks=320, family=45, first=7, later=12), Quota(60, 8, 2, 3))
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
CLASSIFIED = {
    "report": {"labels": 45, "whole": 12},
    "selection": {"labels": 12, "whole": 3},
}
REPEATS = 32  # examples on which a task of classification is compared with a skill


@dataclass(frozen=True)
class WorldSplit(TaskSet):
    """The world's disjoint tasks; those of the report also by the way in which they are unseen."""

    train: tuple[WorldTask, ...]
    selection: tuple[WorldTask, ...]
    report: tuple[WorldTask, ...]

    @cached_property
    def groups(self) -> dict[str, tuple[WorldTask, ...]]:
        """The tasks of the report by group."""
        return by_group(self.report)


def by_group(tasks: Iterable[WorldTask]) -> dict[str, tuple[WorldTask, ...]]:
    """Tasks by the way in which they are unseen."""
    rows = tuple(tasks)
    return {name: tuple(row for row in rows if row.group == name) for name in GROUPS}


def place(name: str, seed: int, purpose: str = "side") -> float:
    """Where a name falls between 0 and 1: the same on every machine, whatever else there is."""
    digest = hashlib.sha256(f"{purpose}|{seed}|{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def side_of(task: LanguageTask, seed: int) -> Side | None:
    """The side that a task of skills belongs to; None if its skills are on several.

    A trained skill is trained on. What has a skill that is held out is where that skill is. Other
    compositions are on any side.
    """
    unseen: set[Side] = {_side_of_unseen(step, seed) for step in task.steps if step.held_out}
    if unseen:
        return unseen.pop() if len(unseen) == 1 else None
    if len(task.steps) == 1:
        return "train"
    where = place(task.name, seed)
    if where < REPORT_SHARE:
        return "report"
    return "selection" if where < REPORT_SHARE + SELECTION_SHARE else "train"


def _side_of_unseen(skill: Skill, seed: int) -> Side:
    where = place(f"{skill.kind}/{skill.name}", seed)
    return "selection" if where < SELECTION_SHARE_WHOLE else "report"


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


def in_order_of_training(skills: Sequence[Skill]) -> list[Skill]:
    """The skills that are trained on, then the others."""
    return sorted(skills, key=lambda row: row.held_out)


def group_of(task: LanguageTask, known: set[tuple[str, str]]) -> Group:
    """In which way a task can be unseen.

    :param known: books and entries of the skills that are trained on.
    """
    unseen = [step for step in task.steps if step.held_out]
    if unseen:
        entries = {(step.book, step.entry) for step in unseen}
        return "parameter" if entries <= known else "whole"
    return "composition" if len(task.steps) > 1 else "train"


def _unseen_skills(tasks: Sequence[LanguageTask], side: Side, seed: int) -> Iterator[LanguageTask]:
    """Skills that are held out, of each group as many as a side takes, one of each kind in turn."""
    for group, count in ALONE[side].items():
        rows = [task for task in tasks if task.group == group]
        yield from in_turn(rows, lambda task: task.family, count, seed)


def in_turn(tasks: Iterable[T], kind: Callable[[T], str], count: int, seed: int) -> tuple[T, ...]:
    """At most so many tasks in the order of their hash, one of each kind in turn."""
    turns: Counter[str] = Counter()
    found = []
    for task in sorted(tasks, key=lambda row: place(row.name, seed, "order")):
        found.append((turns[kind(task)], len(found), task))
        turns[kind(task)] += 1
    return tuple(task for _, _, task in sorted(found, key=lambda row: row[:2])[:count])


def split_labels(tasks: Sequence[ClassifyTask], skills: Sequence[Skill], seed: int) -> WorldSplit:
    """The tasks of classification.

    None asks what a skill asks too, if it is to be unseen, and none repeats one with its labels.
    """
    judged = [row for row in skills if row.gives == "label"]
    rows = [task for task in tasks if not any(_repeats(task, row) for row in judged)]

    def criterion(task: ClassifyTask) -> str:
        return task.criterion.name

    def side(task: ClassifyTask) -> Side:
        name = task.name if task.group == "labels" else f"classify/{criterion(task)}"
        share = SELECTION_SHARE_LABELS if task.group == "labels" else SELECTION_SHARE_CRITERIA
        return "selection" if place(name, seed) < share else "report"

    def unseen(wanted: Side) -> tuple[ClassifyTask, ...]:
        groups = ("labels", "whole")
        return tuple(
            task
            for group in groups
            for task in in_turn(
                [row for row in rows if row.group == group and side(row) == wanted],
                criterion,
                CLASSIFIED[wanted][group],
                seed,
            )
        )

    train = tuple(task for task in rows if task.group == "train")
    return WorldSplit(train, unseen("selection"), unseen("report"))


def _repeats(task: ClassifyTask, skill: Skill) -> bool:
    """Whether a skill answers as the task does, or does so in other words while it is unseen."""
    if skill.takes != task.takes or skill.apply is None:
        return False
    rng = random.Random(f"repeats|{task.name}")
    samples = [task.sample(rng) for _ in range(REPEATS)]
    answers = [(row.output, (skill.apply(row.input) or ("",))[0]) for row in samples]
    if all(ours == theirs for ours, theirs in answers):
        return True
    pairs = len(set(answers))
    return task.group == "whole" and pairs == len(task.labels) == len({row[1] for row in answers})


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
