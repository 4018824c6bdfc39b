"""How much of a device's peak a step reaches, by the operations that its model needs.

    linear layers   2 operations a parameter and token forward, and 2 back to the inputs
    head            the same, at the places of answers
    attention       twice as much back as forward: both factors of its products need gradients

Weights are frozen, so their gradients, a third of ordinary training, are not there. Adapters, norms
and what is computed for padding do not count.
"""

from __future__ import annotations

from t2l.commands.bench.sizes import Sizes


def step_flops(sizes: Sizes) -> int:
    """Operations of a step's forward pass, and backward to the inputs.

    :return: two a multiply-add.
    """
    shape = sizes.shape
    tokens = sizes.rows * sizes.length
    attended = sizes.rows * sizes.length * (sizes.length + 1) // 2
    logits = sizes.rows * sizes.answers
    return 2 * (tokens * shape.linear + logits * shape.logits) + 3 * attended * shape.attending
