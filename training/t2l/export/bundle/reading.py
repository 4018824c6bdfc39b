"""Reads the steps of a task off a description's vector: one number a step, about 1 if it is there.

Ridge regression from unit vectors to which steps a task has, on phrasings of the training tasks
and, where there are some, on descriptions that people wrote, which count more than all others
together: the grammars' sentences are many and alike, and what people write is what will be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from t2l.export.bundle.regression import ridge

PENALTY = 1e-4  # on unit vectors, beside the mean squared error
WRITTEN_SHARE = 0.75  # of the weight: what people wrote, where there is any


@dataclass(frozen=True)
class Reader:
    """Linear readers of all steps.

    :param names: of the steps, [steps].
    :param weight: [steps, dim], rounded to float16.
    :param bias: [steps]
    """

    names: tuple[str, ...]
    weight: Tensor
    bias: Tensor

    def __call__(self, vectors: Tensor) -> Tensor:
        """How much of each step a text has, [n, steps].

        :param vectors: [n, dim], of any length.
        """
        return normalize(vectors.double(), dim=1) @ self.weight.T + self.bias


def step_table(names: Sequence[str], tasks: Sequence[Sequence[str]]) -> Tensor:
    """Which task has which step, [tasks, steps] of 0 and 1; steps without a name are left out."""
    place = {name: index for index, name in enumerate(names)}
    table = torch.zeros(len(tasks), len(names), dtype=torch.float64)
    for row, steps in zip(table, tasks, strict=True):
        for step in steps:
            if step in place:
                row[place[step]] = 1
    return table


def fit_reader(
    names: Sequence[str],
    vectors: Tensor,
    steps: Tensor,
    written: Tensor | None = None,
    written_steps: Tensor | None = None,
) -> Reader:
    """Find the readers.

    :param vectors: of phrasings of training tasks, [n, dim].
    :param steps: which steps they have, [n, steps].
    :param written: vectors of what people wrote, [m, dim].
    :param written_steps: [m, steps]
    """
    rows, wanted = normalize(vectors.double(), dim=1), steps
    weight = torch.full((len(rows),), 1 / len(rows), dtype=torch.float64)
    if written is not None and written_steps is not None and len(written):
        rows = torch.cat([rows, normalize(written.double(), dim=1)])
        wanted = torch.cat([steps, written_steps])
        share = torch.full((len(written),), WRITTEN_SHARE / len(written), dtype=torch.float64)
        weight = torch.cat([weight * (1 - WRITTEN_SHARE), share])
    found = ridge(rows, wanted, PENALTY, weight).T.contiguous()  # [steps, dim]
    stored = torch.from_numpy(found.numpy().astype("<f2").astype(np.float64))
    bias = weight @ wanted - stored @ (weight @ rows)
    return Reader(tuple(names), stored, bias)
