"""The tasks of classification on the sides of the split; unseen are pairs of labels or criteria."""

from __future__ import annotations

import random
from collections.abc import Sequence

from t2l.tasks.language.classify import ClassifyTask
from t2l.tasks.language.sides import Side, WorldSplit, in_turn, place
from t2l.tasks.language.skill import Skill

SELECTION_SHARE_CRITERIA = 0.3  # of criteria that are held out, of which there are few
SELECTION_SHARE_LABELS = 0.25  # of unseen labels; the report has the others
CLASSIFIED = {
    "report": {"labels": 45, "whole": 12},
    "selection": {"labels": 12, "whole": 3},
}
REPEATS = 32  # examples on which a task of classification is compared with a skill


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
