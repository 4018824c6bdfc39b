"""The learning-rate schedule every stage uses: linear warm-up, plateau, linear decay to zero."""


def rate_factor(step: int, steps: int, warmup: int, decay_from: float) -> float:
    """Factor on the peak learning rate.

    :param step: zero-based step.
    :param decay_from: share of the steps at which the decay begins.
    """
    if step < warmup:
        return (step + 1) / warmup
    start = max(warmup, round(decay_from * steps))
    if step < start:
        return 1.0
    return max(0.0, (steps - step) / max(1, steps - start))
