"""Tells what people write from the phrasings of the world's grammars, by a description's vector.

The two ways of writing need two sets of coefficients (`predictor.py`): people ask for what was
trained in their own words, so what shows that an adapter will fail is that it is like none that was
trained; a grammar's sentence is understood, and what counts is whether its task can be done. The
gate is a direction in which the two differ most, by ridge regression, and a logistic regression
along it.

Who sends a description is a person far more often than a grammar, and a grammar's sentences are so
much alike that they are told with room to spare: the logistic regression counts what people wrote
more, so that the gate errs on their side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from t2l.export.bundle.regression import regress, ridge

PENALTY = 1e-4  # on unit vectors, beside the mean squared error
LOGISTIC_L2 = 1e-3  # on the one coefficient, standardised
WRITTEN_SHARE = 0.95  # of the weight, where the gate opens


@dataclass(frozen=True)
class Gate:
    """Whether a description is worded like what people write.

    :param direction: [dim]
    """

    bias: float
    direction: Tensor

    def __call__(self, vectors: Tensor) -> Tensor:
        """The probability of it, [n].

        :param vectors: [n, dim], of any length.
        """
        return (normalize(vectors.double(), dim=1) @ self.direction + self.bias).sigmoid()


def fit_gate(written: Tensor, phrasings: Tensor) -> Gate:
    """Find the gate.

    :param written: vectors of what people wrote, about tasks and about something else, [n, dim].
    :param phrasings: of the grammars' sentences, [m, dim].
    """
    rows = normalize(torch.cat([written, phrasings]).double(), dim=1)
    mine = (torch.arange(len(rows)) < len(written)).double()
    direction = ridge(rows, mine, PENALTY, _weights(mine, 0.5))
    along = (rows @ direction)[:, None]
    bias, factor = regress(along, mine, _weights(mine, WRITTEN_SHARE), LOGISTIC_L2).tolist()
    return Gate(bias, factor * direction)


def _weights(mine: Tensor, share: float) -> Tensor:
    """Of every row, so that those of people have this share of the sum."""
    return torch.where(mine > 0, share / mine.sum(), (1 - share) / (1 - mine).sum())
