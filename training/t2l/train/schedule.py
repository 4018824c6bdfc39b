"""The learning-rate schedule every stage uses: linear warm-up, plateau, linear decay to zero."""

from collections.abc import Sequence

from torch.optim import Optimizer


def set_rates(
    optimizers: Sequence[Optimizer], peaks: Sequence[Sequence[float]], factor: float
) -> None:
    """Set every parameter group's learning rate to its peak times a factor."""
    for optimizer, rates in zip(optimizers, peaks, strict=True):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor


def rate_factor(step: int, steps: int, warmup: int, decay_from: float) -> float:
    """Factor on the peak learning rate.

    :param step: zero-based step.
    :param decay_from: share of the steps at which the decay begins.
    """
    if step < warmup:
        return (step + 1) / warmup
    start = plateau_end(steps, warmup, decay_from)
    if step < start:
        return 1.0
    return max(0.0, (steps - step) / max(1, steps - start))


def plateau_end(steps: int, warmup: int, decay_from: float) -> int:
    """The first step of the decay: those before it are the same in every longer run."""
    return max(warmup, round(decay_from * steps))
