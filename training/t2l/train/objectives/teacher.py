"""How the base model is told the task that it is asked for: the teacher of distillation.

    codes            <bos> <reverse> <upper> cat sun map -> PAM NUS TAC       t2l-mini
    demonstrations   solved examples before the question                      models that can read
    description      a training description before the input
    both             the description in the first turn, then demonstrations

What a teacher shows comes before the input, so a told row ends as the untold row does. On
SmolLM2-135M-Instruct four demonstrations give 0.92 nats a token, a description alone 3.89 and both
0.88, so demonstrations are what to begin with there.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from t2l.config.errors import ConfigError
from t2l.config.sft import SftConfig
from t2l.tasks.source import Sample, Task
from t2l.template.rows import Row
from t2l.train.meta_batch import Teacher
from t2l.train.rows import KeptRows

DESCRIPTIONS = 16  # training descriptions of a task that it is told with
TRIES = 20  # draws a demonstration, before a task counts as having too few inputs


class CodesTeacher:
    """Tells t2l-mini's base model a task by its control codes.

    :param rows: makes rows of examples.
    """

    def __init__(self, rows: KeptRows) -> None:
        self._rows = rows

    def rows(self, task: Task, samples: Sequence[Sample], rng: random.Random) -> list[Row]:
        """See `Teacher.rows`.

        :raises ConfigError: if the task has no codes.
        """
        codes = getattr(task, "codes", None)
        if codes is None:
            raise ConfigError(
                f"sft.teacher codes: task {task.name} has no control codes; set sft.teacher to "
                "demonstrations"
            )
        return [self._rows.row(sample, told="".join(codes)) for sample in samples]


class ShownTeacher:
    """Tells a model that can read a task by demonstrations, by a description, or by both.

    A task's examples in a step are told alike, so what they begin with runs once.

    :param rows: makes rows of examples.
    :param shots: demonstrations.
    :param described: whether a training description comes before the input.
    """

    def __init__(self, rows: KeptRows, shots: int, described: bool) -> None:
        self._rows, self._shots, self._described = rows, shots, described
        self._said: dict[str, tuple[str, ...]] = {}

    def rows(self, task: Task, samples: Sequence[Sample], rng: random.Random) -> list[Row]:
        """See `Teacher.rows`; none of the examples is a demonstration, as far as there are others.

        :raises ConfigError: if the task has no description to be told.
        """
        shown = self._demonstrations(task, samples, rng)
        told = self._description(task, rng) if self._described else None
        return [self._rows.template.row(sample, shown, told) for sample in samples]

    def _demonstrations(
        self, task: Task, samples: Sequence[Sample], rng: random.Random
    ) -> list[Sample]:
        asked = {sample.input for sample in samples}
        shown: dict[str, Sample] = {}
        for _ in range(TRIES * self._shots):
            if len(shown) == self._shots:
                break
            sample = task.sample(rng)
            if sample.input not in asked:
                shown.setdefault(sample.input, sample)
        return list(shown.values())

    def _description(self, task: Task, rng: random.Random) -> str:
        if task.name not in self._said:
            self._said[task.name] = task.descriptions("train", DESCRIPTIONS, 0)
        if not self._said[task.name]:
            raise ConfigError(
                f"sft.teacher: task {task.name} has no training description; set sft.teacher to "
                "demonstrations"
            )
        return rng.choice(self._said[task.name])


def open_teacher(config: SftConfig, rows: KeptRows) -> Teacher | None:
    """The configured teacher, None if nothing is distilled.

    :raises ConfigError: if the template cannot show what the teacher is to tell.
    """
    if config.distill == 0:
        return None
    template = rows.template.name
    if config.teacher == "codes":
        if template != "arrow":
            raise ConfigError(
                f"sft.teacher codes needs t2l-mini's control codes, which template.kind {template} "
                "does not have; set sft.teacher to demonstrations (description and both are known "
                "too)"
            )
        return CodesTeacher(rows)
    if template == "arrow" and config.teacher != "demonstrations":
        raise ConfigError(
            f"sft.teacher {config.teacher} needs a model that reads descriptions, which "
            "template.kind arrow is not for; set sft.teacher to codes or demonstrations"
        )
    shots = 0 if config.teacher == "description" else config.teacher_shots
    return ShownTeacher(rows, shots, config.teacher != "demonstrations")
