"""Means and deviations of the adapters of a library, value by value, found in one pass over it.

Welford's update in float64: with the n-th adapter x, each mean m and sum of squares s become

    d = x - m,   m + d / n,   s + d (x - m')       m' the new mean

so that two tensors as large as one adapter are kept, and no precision is lost to a large mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from t2l.base.adapter_weights import factors_of
from t2l.base.library import Library, blocks

BLOCK = 8  # adapters that are read at once
LEAST = 1e-8  # deviation: a single adapter does not deviate at all
FLOOR = 0.01  # of the deviation of its matrices, the least that a single value counts with

Sides = Mapping[str, tuple[Tensor, Tensor]]
"""Module name -> what belongs to every value of A [N, r, in] and of B [N, out, r]."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Of the adapters of a library.

    :param means: in float64.
    :param variances: mean squared distances from the means, in float64.
    """

    means: Sides
    variances: Sides

    @classmethod
    def of(cls, library: Library) -> Moments:
        """Of all adapters, each counting the same.

        :raises ValueError: if there are none.
        """
        if len(library) == 0:
            raise ValueError("a library of no adapters has no mean; give at least one adapter")
        running: dict[str, tuple[_Running, _Running]] = {}
        for rows in blocks(len(library), BLOCK):
            for name, (a, b) in factors_of(library.read(rows), "a library's mean").items():
                if name not in running:
                    running[name] = _Running(a[0]), _Running(b[0])
                running[name][0].add(a)
                running[name][1].add(b)
        return cls(
            means={name: (a.mean, b.mean) for name, (a, b) in running.items()},
            variances={name: (a.variance, b.variance) for name, (a, b) in running.items()},
        )

    def deviations(self) -> dict[str, tuple[float, float]]:
        """Root mean square distance of each module's A and B from the mean adapter."""
        return {name: (_spread(a), _spread(b)) for name, (a, b) in self.variances.items()}

    def deviations_of_values(self) -> Sides:
        """Root mean square distance of every value from its own mean, in float32.

        A value that is the same in all adapters would count without bounds, so none is below
        `FLOOR` of the deviation of the module's A or B that it belongs to.
        """
        return {name: (_floored(a), _floored(b)) for name, (a, b) in self.variances.items()}


def _spread(variances: Tensor) -> float:
    return max(float(variances.mean().sqrt()), LEAST)


def _floored(variances: Tensor) -> Tensor:
    return variances.sqrt().clamp(min=max(FLOOR * _spread(variances), LEAST)).float()


class _Running:
    """Mean and sum of squared distances so far.

    :param like: a value of the shape that every adapter has.
    """

    def __init__(self, like: Tensor) -> None:
        self.mean = torch.zeros_like(like, dtype=torch.float64)
        self._squares = torch.zeros_like(self.mean)
        self._count = 0

    def add(self, values: Tensor) -> None:
        for value in values.double():
            self._count += 1
            distance = value - self.mean
            self.mean += distance / self._count
            self._squares.addcmul_(distance, value - self.mean)

    @property
    def variance(self) -> Tensor:
        return self._squares / self._count
