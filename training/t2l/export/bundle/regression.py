"""The two regressions of the fit score: ridge for a direction, logistic for a probability."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

CONSTANT = 1e-9  # deviation below which a feature says nothing
LBFGS_STEPS = 100


def ridge(rows: Tensor, targets: Tensor, penalty: float, weight: Tensor | None = None) -> Tensor:
    """The direction in which the targets grow, [dim], by ridge regression.

    :param rows: [n, dim]
    :param targets: [n]; of several at once [n, targets], which gives [dim, targets].
    :param weight: of every row, [n], with a sum of 1; the same for all by default.
    """
    if weight is None:
        weight = torch.full((len(rows),), 1 / len(rows), dtype=torch.float64)
    centred = rows - weight @ rows
    weighted = (weight[:, None] * centred).T
    wanted = weighted @ (targets - weight @ targets)
    eye = torch.eye(rows.shape[1], dtype=torch.float64)
    return torch.linalg.solve(weighted @ centred + penalty * eye, wanted)


def linear(rows: Tensor, coefficients: Tensor) -> Tensor:
    return rows @ coefficients[1:] + coefficients[0]


def regress(
    rows: Tensor,
    targets: Tensor,
    weight: Tensor,
    l2: float | Tensor,
    plain: Tensor | None = None,
) -> Tensor:
    """Logistic regression on soft targets: bias and coefficients, [1 + features].

    Features are standardised while it runs, so that the penalty means the same for all of them.

    :param rows: [n, features]
    :param targets: [n]
    :param weight: of every row, [n].
    :param l2: penalty on the squares of the coefficients, the bias left out; one for all or one for
        each, [features].
    :param plain: features that are taken as they are, [features] of true and false.
    """
    weight = weight / weight.sum()
    mean, deviation = rows.mean(dim=0), rows.std(dim=0, correction=0)
    kept = deviation < CONSTANT if plain is None else plain | (deviation < CONSTANT)
    deviation = torch.where(kept, torch.ones_like(deviation), deviation)
    standard = (rows - mean) / deviation
    found = torch.zeros(1 + rows.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [found],
        max_iter=LBFGS_STEPS,
        tolerance_grad=1e-10,
        tolerance_change=1e-14,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = linear(standard, found)
        value = binary_cross_entropy_with_logits(logits, targets, weight, reduction="sum")
        value = value + (l2 * found[1:].square()).sum()
        value.backward()
        return value

    optimizer.step(loss)
    weights = found.detach()[1:] / deviation
    return torch.cat([(found.detach()[0] - weights @ mean)[None], weights])
