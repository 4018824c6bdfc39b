"""Fit from descriptions alone, for a hypernetwork whose success nobody has measured.

Its score is the highest cosine to a training task's mean vector. The thresholds say how close the
training descriptions themselves are to their own task's mean, each left out of that mean: three of
four are at least `good`, all but one in a hundred at least `uncertain`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from t2l.export.bundle.data import Fit
from t2l.tasks.descriptions import TaskDescriptions

GOOD_SHARE = 0.75
UNCERTAIN_SHARE = 0.99
SINGLE = (0.75, 0.5)  # thresholds where no task has two descriptions to compare
LEAST = 0.01  # a threshold must be above 0


def fit_of_descriptions(tasks: Sequence[TaskDescriptions], vectors: Tensor) -> Fit:
    """The fit table of the tasks.

    :param vectors: one row for every text of every task, in their order, [texts, dim].
    """
    groups = normalize(vectors, dim=-1).split([len(task.texts) for task in tasks])
    means = torch.stack([normalize(group.mean(dim=0), dim=-1) for group in groups])
    own = [_left_out_cosines(group) for group in groups if len(group) > 1]
    good, uncertain = SINGLE
    if own:
        found = torch.cat(own)
        good, uncertain = (
            round(max(LEAST, float(found.quantile(1 - share))), 4)
            for share in (GOOD_SHARE, UNCERTAIN_SHARE)
        )
    return Fit(tuple(task.task for task in tasks), means, good=good, uncertain=uncertain)


def _left_out_cosines(group: Tensor) -> Tensor:
    """Cosine of every unit row to the mean of the other rows, [n]."""
    others = group.sum(dim=0) - group
    return (group * normalize(others, dim=-1)).sum(dim=-1)
