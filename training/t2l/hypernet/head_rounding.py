"""Rounds a network's heads to bytes so that what they give on real features stays right.

A head's product is exact in integers; what int8 costs is the rounding of its weights. Rounded one
by one, their errors add up wherever features go together, and features of one hypernetwork do: a
few directions tell tasks apart. OPTQ (Frantar et al., arXiv 2210.17323) rounds the weights of an
output one after the other and lets those that are still free make good the error, weighted by the
inverse second moment of the features:

    W [outputs, H], features X [n, H]:   minimise |X (W - Q)^T|  over Q = whole numbers * scale

The scale is that of the graph's own bytes (`quantise_columns`), so that a rounded head goes through
the exporter as any other and comes out with the very whole numbers found here.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from t2l.hypernet.hypernetwork import Hypernetwork

LARGEST = 127  # whole numbers run from -127 to 127
DAMPING = 0.01  # of the mean second moment, added to each: directions that were not seen stay free
TRIED = 64  # embeddings that features are made from
BLOCK = 64  # columns rounded before the others are told
SCALES = 8  # times that a scale which no weight uses up is made smaller


@torch.no_grad()
def rounded_heads(exact: Hypernetwork, embeddings: Tensor) -> Hypernetwork:
    """A float64 copy whose heads have only weights that bytes can hold.

    :param exact: the network in float64.
    :param embeddings: of descriptions like those to come, [n, dim]; `TRIED` are used, evenly.
    """
    rounded = copy.deepcopy(exact)
    step = max(1, len(embeddings) // TRIED)
    features = exact.features(embeddings[::step][:TRIED].double())  # [T, N, M, ..., H]
    for index, module in enumerate(exact.target.modules):
        seen = features[:, :, index].flatten(0, -2)  # [n, H]
        rounded.head(module.name).weight.copy_(_rounded(exact.head(module.name).weight, seen))
    return rounded


def _rounded(weight: Tensor, features: Tensor) -> Tensor:
    """The nearest head of whole numbers times a scale per output, [outputs, H]."""
    moment = features.T @ features / len(features)
    moment += DAMPING * moment.diagonal().mean().clamp(min=1e-30) * torch.eye(len(moment)).double()
    inverse = torch.linalg.cholesky(torch.linalg.inv(moment), upper=True)  # [H, H]
    scale = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-30) / LARGEST
    found = torch.empty_like(weight)
    rows = torch.arange(len(weight))
    for _ in range(SCALES):
        found[rows] = _whole_numbers(weight[rows], scale[rows], inverse)
        most = found.abs().amax(dim=1, keepdim=True)
        rows = (most[:, 0] < LARGEST).nonzero()[:, 0]
        if len(rows) == 0:
            break
        # the graph's scale is told from the largest weight, which must therefore be the last step
        scale[rows] *= most[rows].clamp(min=1) / LARGEST
    return found * scale


def _whole_numbers(weight: Tensor, scale: Tensor, inverse: Tensor) -> Tensor:
    free, found = weight.clone(), torch.empty_like(weight)
    for start in range(0, weight.shape[1], BLOCK):
        block = slice(start, min(start + BLOCK, weight.shape[1]))
        errors = []
        for column in range(block.start, block.stop):
            found[:, column] = (free[:, column] / scale[:, 0]).round().clamp(-LARGEST, LARGEST)
            error = (free[:, column] - found[:, column] * scale[:, 0]) / inverse[column, column]
            later = slice(column + 1, block.stop)
            free[:, later] -= error[:, None] * inverse[column, later]
            errors.append(error)
        free[:, block.stop :] -= torch.stack(errors, dim=1) @ inverse[block, block.stop :]
    return found
