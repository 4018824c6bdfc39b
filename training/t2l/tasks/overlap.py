"""Keeps what is measured out of what is trained on: examples that share words with the report's.

    "... the quick brown fox jumps over the lazy dog ..."   n words in a row, in lower case

Benchmarks are made of public texts, and so are training tasks: a split by name says nothing of a
passage that two of them share. An example of a training task that has n words in a row with any
example of a report task is left out; a task that loses too many goes with them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from t2l.tasks.sides import GroupedTasks
from t2l.tasks.source import Part, Sample, Task
from t2l.tasks.written import WrittenTask

logger = logging.getLogger(__name__)

FEWEST_LEFT = 0.5  # share of its examples that a task must keep to stay a task
_WORD = re.compile(r"\w+")
PARTS: tuple[Part, ...] = ("train", "test")


def without_overlap(tasks: GroupedTasks, words: int) -> GroupedTasks:
    """The same tasks without training and selection examples that the report's share words with.

    :param tasks: of files, whose examples can be told.
    :param words: in a row.
    """
    reported = {
        run
        for task in tasks.report
        if isinstance(task, WrittenTask)
        for part in PARTS
        for sample in task.rows[part]
        for run in runs_of(sample, words)
    }
    return replace(
        tasks,
        train=tuple(_kept(tasks.train, reported, words)),
        selection=tuple(_kept(tasks.selection, reported, words)),
    )


def runs_of(sample: Sample, words: int) -> Iterator[str]:
    """All runs of so many words in an example's input and taught answer."""
    said = _WORD.findall(f"{sample.input} {sample.output}".casefold())
    for start in range(len(said) - words + 1):
        yield " ".join(said[start : start + words])


def _kept(tasks: Sequence[Task], reported: set[str], words: int) -> Iterator[Task]:
    for task in tasks:
        if not isinstance(task, WrittenTask):
            yield task
            continue
        rows = {
            part: tuple(
                sample for sample in task.rows[part] if reported.isdisjoint(runs_of(sample, words))
            )
            for part in PARTS
        }
        before = sum(len(task.rows[part]) for part in PARTS)
        after = sum(map(len, rows.values()))
        if after < before:
            logger.warning(
                "%s: %d of %d examples have %d words in a row with an example of the report",
                *(task.name, before - after, before, words),
            )
        if all(rows.values()) and after >= FEWEST_LEFT * before:
            yield task if after == before else replace(task, rows=rows)
        else:
            logger.warning("%s is left out", task.name)
