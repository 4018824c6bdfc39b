"""Low-rank updates B A without their gauge: B R and R^-1 A are the same update for every R."""

import torch
from torch import Tensor

from t2l.base.lora import LoraWeights


def canonical(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The one pair of factors that stands for all pairs with the same product.

    The singular value decomposition of B A with the square roots of the singular values on both
    sides, ranks by falling singular value, the largest entry of every column of B positive.

    :param a: [..., r, in]
    :param b: [..., out, r]
    :return: A and B of the same shapes and, up to rounding, the same product.
    """
    left, left_core = torch.linalg.qr(b.double())  # [..., out, r], [..., r, r]
    right, right_core = torch.linalg.qr(a.double().mT)  # [..., in, r], [..., r, r]
    u, values, vh = torch.linalg.svd(left_core @ right_core.mT)
    return _balanced(left @ u, values, vh @ right.mT, a.dtype)


def truncate(update: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The best factors of a rank for a full update, canonical ones.

    :param update: [..., out, in]
    :return: A [..., rank, in] and B [..., out, rank].
    """
    u, values, vh = torch.linalg.svd(update.double(), full_matrices=False)
    return _balanced(u[..., :rank], values[..., :rank], vh[..., :rank, :], update.dtype)


def _balanced(u: Tensor, values: Tensor, vh: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A and B from u [..., out, r], singular values [..., r] and vh [..., r, in]."""
    largest = u.abs().argmax(dim=-2, keepdim=True)  # [..., 1, r]
    negative = u.gather(-2, largest) < 0
    signs = torch.where(negative, -1.0, 1.0).to(u.dtype)  # [..., 1, r]
    root = values.sqrt().unsqueeze(-2)  # [..., 1, r]
    return ((root * signs).mT * vh).to(dtype), (u * root * signs).to(dtype)


def canonical_weights(weights: LoraWeights) -> LoraWeights:
    """Canonical factors of every adapter."""
    return {name: canonical(a, b) for name, (a, b) in weights.items()}


def mean_update(weights: LoraWeights) -> dict[str, Tensor]:
    """Mean of the products B A over the adapters: module -> [N, out, in]."""
    return {name: torch.einsum("tnor,tnri->noi", b, a) / len(a) for name, (a, b) in weights.items()}


def relative_errors(weights: LoraWeights, wanted: LoraWeights) -> Tensor:
    """Frobenius norm of the updates' difference over that of the wanted updates, [T].

    The norms are over all modules and layers of an adapter together.
    """
    error, norm = torch.zeros(()), torch.zeros(())
    for name, (a, b) in wanted.items():
        ours_a, ours_b = weights[name]
        joined_a = torch.cat([ours_a, a], dim=-2)  # [T, N, 2 r, in]
        joined_b = torch.cat([ours_b, -b], dim=-1)  # [T, N, out, 2 r]
        error = error + _squared_norm(joined_a, joined_b)
        norm = norm + _squared_norm(a, b)
    return (error / norm).sqrt()


def _squared_norm(a: Tensor, b: Tensor) -> Tensor:
    """Squared Frobenius norm of the updates, [T], by the trace of (B^T B) (A A^T)."""
    a, b = a.double(), b.double()
    products = (b.mT @ b) * (a @ a.mT)  # [T, N, r, r]
    return products.sum(dim=(-3, -2, -1)).clamp(min=0)
