"""How much of a device's peak a step reaches, by the operations that its model needs.

    linear layers   2 operations a parameter and token forward, and 2 back to the inputs
    head            the same, at the places of answers
    attention       twice as much back as forward: both factors of its products need gradients

Weights are frozen, so their gradients, a third of ordinary training, are not there. Adapters, norms
and what is computed for padding do not count.
"""

from __future__ import annotations

import re

from t2l.commands.bench.sizes import Sizes

# Dense bfloat16 products with float32 sums, TFLOP/s, from the makers' data sheets. The first one
# whose words are all in a device's name counts.
PEAKS: tuple[tuple[str, float], ...] = (
    ("B200", 2250),
    ("H200", 989),
    ("H100 PCIe", 756),
    ("H100", 989),
    ("A100", 312),
    ("L40S", 362),
    ("A10", 125),
    ("L4", 121),
)


def step_flops(sizes: Sizes) -> int:
    """Operations of a step's forward pass, and backward to the inputs.

    :return: two a multiply-add.
    """
    shape = sizes.shape
    tokens = sizes.rows * sizes.length
    attended = sizes.rows * sizes.length * (sizes.length + 1) // 2
    logits = sizes.rows * sizes.answers
    return 2 * (tokens * shape.linear + logits * shape.logits) + 3 * attended * shape.attending


def peak_tflops(name: str, bfloat16: bool) -> float | None:
    """The peak of a device by its name; None if it is not known.

    :param name: as `torch.cuda.get_device_name` has it.
    :param bfloat16: what products are in; of others no peak is known.
    """
    words = set(re.split(r"[\s-]+", name))
    for device, peak in PEAKS:
        if bfloat16 and set(device.split()) <= words:
            return peak
    return None
