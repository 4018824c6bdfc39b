"""Low-rank updates B A without their gauge: B R and R^-1 A are the same update for every R."""

import torch
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights, LoraWeights, factors_of


def canonical(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The one pair of factors that stands for all pairs with the same product.

    The singular value decomposition of B A with the square roots of the singular values on both
    sides, ranks by falling singular value, the largest entry of every column of B positive.

    :param a: [..., r, in]
    :param b: [..., out, r]
    :return: A and B of the same shapes and, up to rounding, the same product.
    :raises ValueError: if r is more than in or out.
    """
    return truncate(a, b, a.shape[-2])


def truncate(a: Tensor, b: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The best factors of a rank for the update B A that has more, canonical ones.

        B A = Qb [out, k] (Rb Ra^T) [k, l] Qa^T [l, in]    k = min(R, out), l = min(R, in)

    The decomposition is that of the core in the middle: the update itself is never formed.

    :param a: [..., R, in]
    :param b: [..., out, R]
    :return: A [..., rank, in] and B [..., out, rank].
    :raises ValueError: if the update cannot have that rank.
    """
    most = min(*a.shape[-2:], b.shape[-2])
    if rank > most:
        raise ValueError(f"an update of rank {most} has no factors of rank {rank}; ask for {most}")
    left, left_core = torch.linalg.qr(b.double())  # [..., out, k], [..., k, R]
    right, right_core = torch.linalg.qr(a.double().mT)  # [..., in, l], [..., l, R]
    u, values, vh = torch.linalg.svd(left_core @ right_core.mT, full_matrices=False)
    u, values, vh = u[..., :rank], values[..., :rank], vh[..., :rank, :]
    return _balanced(left @ u, values, vh @ right.mT, a.dtype)


def _balanced(u: Tensor, values: Tensor, vh: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A and B from u [..., out, r], singular values [..., r] and vh [..., r, in]."""
    largest = u.abs().argmax(dim=-2, keepdim=True)  # [..., 1, r]
    negative = u.gather(-2, largest) < 0
    signs = torch.where(negative, -1.0, 1.0).to(u.dtype)  # [..., 1, r]
    root = values.sqrt().unsqueeze(-2)  # [..., 1, r]
    return ((root * signs).mT * vh).to(dtype), (u * root * signs).to(dtype)


def canonical_weights(weights: AdapterWeights) -> LoraWeights:
    """Canonical factors of every adapter."""
    factors = factors_of(weights, "the canonical form")
    return {name: canonical(a, b) for name, (a, b) in factors.items()}


def mean_adapter(weights: AdapterWeights, rank: int) -> LoraWeights:
    """The best adapter of a rank for the mean of the updates B A, which is not that of the factors.

    The mean is the product of all factors side by side, one layer at a time.

    :param weights: adapters, [T, ...].
    :return: one adapter, [1, ...], canonical.
    :raises ValueError: if the mean cannot have that rank.
    """
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for name, (a, b) in factors_of(weights, "the mean of updates").items():
        layers = [
            truncate(layer_a.flatten(0, 1), layer_b.movedim(0, 1).flatten(1) / len(a), rank)
            for layer_a, layer_b in zip(a.unbind(1), b.unbind(1), strict=True)
        ]  # of A [T r, in] and B [out, T r]
        found[name] = (
            torch.stack([layer[0] for layer in layers])[None],
            torch.stack([layer[1] for layer in layers])[None],
        )
    return found


def relative_errors(weights: AdapterWeights, wanted: AdapterWeights) -> Tensor:
    """Frobenius norm of the updates' difference over that of the wanted updates, [T].

    The norms are over all modules and layers of an adapter together.
    """
    return relative_squares(weights, wanted).sqrt()


def relative_squares(weights: AdapterWeights, wanted: AdapterWeights) -> Tensor:
    """Squares of `relative_errors`, [T]; unlike those they have a gradient where there is no error.

    A wanted update of zero gives infinity, or NaN.
    """
    error, norm = torch.zeros(()), torch.zeros(())
    ours = factors_of(weights, "the distance of updates")
    for name, (a, b) in factors_of(wanted, "the distance of updates").items():
        ours_a, ours_b = ours[name]
        joined_a = torch.cat([ours_a, a], dim=-2)  # [T, N, 2 r, in]
        joined_b = torch.cat([ours_b, -b], dim=-1)  # [T, N, out, 2 r]
        error = error + _squared_norm(joined_a, joined_b)
        norm = norm + _squared_norm(a, b)
    return error / norm


def _squared_norm(a: Tensor, b: Tensor) -> Tensor:
    """Squared Frobenius norm of the updates, [T], by the trace of (B^T B) (A A^T)."""
    if a.device.type != "mps":  # which has no float64
        a, b = a.double(), b.double()
    products = (b.mT @ b) * (a @ a.mT)  # [T, N, r, r]
    return products.sum(dim=(-3, -2, -1)).clamp(min=0)
