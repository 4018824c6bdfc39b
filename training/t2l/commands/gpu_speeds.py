"""How fast GPUs are: dense bfloat16 products with float32 sums, TFLOP/s, by NVIDIA's data sheets.

Half of what a data sheet gives "with sparsity", and for the RTX 4090 the rate of appendix A of the
Ada white paper.
"""

from __future__ import annotations

import re

# The first one whose words are all in a device's name counts.
SPEEDS: dict[str, float] = {
    "B200": 2250,
    "H200": 989.4,
    "H100 PCIe": 756,
    "H100": 989.4,
    "A100": 312,
    "L40S": 362.05,
    "RTX 4090": 165.2,
    "A10": 125,
    "L4": 121,
}


def peak_tflops(name: str, bfloat16: bool = True) -> float | None:
    """The peak of a device by its name; None if it is not known.

    :param name: as `torch.cuda.get_device_name` has it.
    :param bfloat16: what products are in; of others no peak is known.
    """
    words = set(re.split(r"[\s-]+", name))
    for device, peak in SPEEDS.items():
        if bfloat16 and set(device.split()) <= words:
            return peak
    return None
