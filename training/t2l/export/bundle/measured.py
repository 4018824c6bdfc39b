"""What the fit score is found from: training tasks, and descriptions whose success was measured."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from t2l.export.bundle.entry import Entry


@dataclass(frozen=True)
class Measured:
    """Descriptions with what their adapters get right.

    :param tasks: the task of every description, [n] names; None where no task of the world does it.
    :param texts: the descriptions, [n].
    :param vectors: of the descriptions, [n, dim].
    :param sketches: of their adapters, [n, modules, width].
    :param exact_match: share of right answers, [n].
    :param steps: the names of the steps that each asks for; None where that is not known.
    """

    tasks: tuple[str | None, ...]
    texts: tuple[str, ...]
    vectors: Tensor
    sketches: Tensor
    exact_match: Tensor
    steps: tuple[tuple[str, ...] | None, ...]


@dataclass(frozen=True)
class OffTopic:
    """Texts that describe no task.

    :param vectors: [m, dim]
    :param sketches: [m, modules, width]
    """

    vectors: Tensor
    sketches: Tensor


@dataclass(frozen=True)
class Known:
    """The training tasks.

    :param modules: names of the target's modules.
    :param kinds: the kinds of each task's steps, in order.
    :param steps: the names of each task's steps; empty where tasks have none.
    :param matrix: where their descriptions lie, [tasks, dim].
    :param sketches: of their adapters, [tasks, modules, width].
    :param phrasings: vectors of training phrasings, one row a phrasing, [m, dim].
    :param phrased: the place of each phrasing's task, [m]; every task has one.
    :param entry: the network's first layer, None if it does not begin with one.
    """

    modules: tuple[str, ...]
    kinds: tuple[tuple[str, ...], ...]
    steps: tuple[tuple[str, ...], ...]
    matrix: Tensor
    sketches: Tensor
    phrasings: Tensor
    phrased: Tensor
    entry: Entry | None


def check(
    known: Known, seen: Measured, judged: Measured, off_topic: OffTopic, success: Tensor, least: int
) -> None:
    """Refuse what no score can be found from.

    :param least: how many tasks and how many texts off topic there must be.
    :raises ValueError: if sizes differ, shares are not in 0 to 1, or there are too few texts.
    """
    if not len(known.matrix) == len(known.sketches) == len(known.kinds) == len(known.steps):
        raise ValueError(
            f"{len(known.matrix)} training tasks with adapters of {len(known.sketches)}, kinds of "
            f"{len(known.kinds)} and steps of {len(known.steps)}"
        )
    if len(known.matrix) != len(success):
        raise ValueError(f"{len(known.matrix)} training tasks with success of {len(success)}")
    for some in (seen, judged):
        sizes = [len(some.vectors), len(some.sketches), len(some.exact_match), len(some.tasks)]
        if len(set(sizes)) > 1:
            vectors, adapters, shares, tasks = sizes
            raise ValueError(
                f"{vectors} vectors, {adapters} adapters, {shares} shares of right answers and "
                f"{tasks} tasks"
            )
    named = {task for task in judged.tasks if task is not None}
    if len(named) < least or len(off_topic.vectors) < least:
        raise ValueError(f"at least {least} tasks and {least} texts off topic are needed")
    for shares in (seen.exact_match, judged.exact_match, success):
        if not bool(((shares >= 0) & (shares <= 1)).all()):
            raise ValueError("shares of right answers must lie between 0 and 1")
