"""Hardware decided once: which device, and whether products run in bfloat16.

bfloat16 pays on a GPU and on CPUs with AMX tiles or AVX-512's dot products of bfloat16 pairs;
elsewhere it is emulated and about fifty times slower than float32, so it stays off.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Device:
    """Where a stage computes."""

    name: str
    bfloat16: bool

    def autocast(self) -> AbstractContextManager[object]:
        """The precision context for forward passes."""
        return torch.autocast(self.name, torch.bfloat16, enabled=self.bfloat16)


def pick_device() -> Device:
    """The best device of this machine: CUDA, then MPS, then the CPU."""
    if torch.cuda.is_available():
        return Device("cuda", bfloat16=True)
    if torch.backends.mps.is_available():
        return Device("mps", bfloat16=False)
    return cpu_device()


def cpu_device() -> Device:
    """The CPU, also of a machine that has better."""
    return Device("cpu", bfloat16=_cpu_has_bfloat16())


def _cpu_has_bfloat16() -> bool:
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
