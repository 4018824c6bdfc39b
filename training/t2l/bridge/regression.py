"""A bundle for another encoder: the map from its vectors to the bundle's encoded task embedding.

    other encoder's vector --ridge--> encoded task [Z/2] -> the rest of the hypernetwork, unchanged

What a hypernetwork sees of a text is its encoded task embedding, a few dozen numbers. They are
regressed, in closed form, on what another encoder makes of the same descriptions, and the map takes
the place of the bundle's task encoder. Tasks that the regression never saw say how well that works:
how far the numbers are off, and what becomes of the updates. As a yardstick stands what another
task's description gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from torch import Tensor

from t2l.base.adapter_weights import LoraWeights
from t2l.export.onnx.hypernet import update_cosines
from t2l.tasks.descriptions import DescriptionsError, TaskDescriptions

PENALTIES = tuple(float(10.0**power) for power in range(-6, 5))
FOLDS = 5
HELD_OUT_SHARE = 0.2  # of the tasks
LEAST_TASKS = 10  # so that two are held out and eight are left to regress on
UPDATES = 200  # held-out descriptions whose updates are compared


@dataclass(frozen=True)
class LinearMap:
    """encoded = vector @ weight + bias; float32 [dim, Z/2] and [Z/2]."""

    weight: np.ndarray
    bias: np.ndarray
    penalty: float

    def __call__(self, vectors: Tensor) -> Tensor:
        """The encoded tasks of vectors [n, dim]."""
        return vectors.float() @ torch.from_numpy(self.weight) + torch.from_numpy(self.bias)


@dataclass(frozen=True)
class BridgeReport:
    """How well the map does on tasks that it never saw.

    :param tasks: held-out tasks; `texts` their descriptions.
    :param penalty: of the ridge regression, chosen on the other tasks.
    :param unexplained: share of the variance of the encoded tasks that the map misses.
    :param cosine: of updates with the bundle's own, mean over texts, modules and layers.
    :param cosine_low: the 5th percentile of the texts' means.
    :param other_task: the same cosine between the bundle's own updates of two different tasks.
    """

    tasks: int
    texts: int
    penalty: float
    unexplained: float
    cosine: float
    cosine_low: float
    other_task: float

    def to_json(self) -> dict[str, float | int]:
        """Plain values, rounded for people."""
        return {
            key: value if isinstance(value, int) else float(f"{value:.4g}")
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Split:
    """Which texts are regressed on and which are held out, by task."""

    groups: np.ndarray  # [n], number of the task
    held_out: np.ndarray  # [n], whether the task is held out


def split_tasks(tasks: Sequence[TaskDescriptions]) -> Split:
    """Hold out whole tasks, chosen by a hash of their names, so that order does not matter.

    :raises DescriptionsError: if there are too few tasks.
    """
    if len(tasks) < LEAST_TASKS:
        raise DescriptionsError(
            f"a bridge needs descriptions of at least {LEAST_TASKS} tasks, got {len(tasks)}"
        )
    order = sorted(range(len(tasks)), key=lambda i: hashlib.sha256(tasks[i].task.encode()).digest())
    chosen = set(order[: max(2, round(len(tasks) * HELD_OUT_SHARE))])
    groups = np.concatenate([np.full(len(task.texts), i) for i, task in enumerate(tasks)])
    return Split(groups, np.isin(groups, sorted(chosen)))


def evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows, evenly spread, the first and the last among them."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)]


def fit_map(vectors: Tensor, encoded: Tensor, split: Split) -> LinearMap:
    """Ridge regression on the tasks that are not held out; the penalty by folds of whole tasks.

    :param vectors: of the other encoder, [n, dim].
    :param encoded: the bundle's encoded tasks, [n, Z/2].
    """
    used = ~split.held_out
    folds = GroupKFold(min(FOLDS, len(np.unique(split.groups[used]))))
    search = GridSearchCV(
        Ridge(solver="cholesky"),
        {"alpha": PENALTIES},
        cv=folds,
        scoring="neg_mean_squared_error",
    )
    x, y = vectors.double().numpy()[used], encoded.double().numpy()[used]
    search.fit(x, y, groups=split.groups[used])
    best = search.best_estimator_
    return LinearMap(
        best.coef_.T.astype(np.float32),
        best.intercept_.astype(np.float32),
        float(search.best_params_["alpha"]),
    )


def measure_map(
    found: LinearMap,
    vectors: Tensor,
    encoded: Tensor,
    split: Split,
    own: Callable[[int], LoraWeights],
    bridged: Callable[[int], LoraWeights],
) -> BridgeReport:
    """What the map does on the held-out tasks.

    :param own: the bundle's own adapter for text number i.
    :param bridged: the bridged one for the same text.
    """
    rows = np.flatnonzero(split.held_out)
    wanted, mapped = encoded[rows].double(), found(vectors[rows]).double()
    spread = (wanted - wanted.mean(dim=0)).square().sum()
    picked = evenly(rows, UPDATES)  # of two tasks at least: the first and the last row are in it
    adapters = {int(i): own(int(i)) for i in picked}
    cosines = torch.stack([_cosine(bridged(int(i)), adapters[int(i)]) for i in picked])
    others = [
        _cosine(adapters[int(i)], adapters[int(j)])
        for i, j in zip(picked, np.roll(picked, len(picked) // 2), strict=True)
        if split.groups[i] != split.groups[j]
    ]
    return BridgeReport(
        tasks=len(np.unique(split.groups[rows])),
        texts=len(rows),
        penalty=found.penalty,
        unexplained=float((wanted - mapped).square().sum() / spread),
        cosine=float(cosines.mean()),
        cosine_low=float(cosines.quantile(0.05)),
        other_task=float(torch.stack(others).mean()),
    )


def _cosine(first: LoraWeights, second: LoraWeights) -> Tensor:
    """Mean cosine of two adapters' updates over modules and layers."""
    return torch.cat([update_cosines(first[name], pair) for name, pair in second.items()]).mean()
