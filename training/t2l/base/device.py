"""Hardware decided once: which device, and whether products run in bfloat16.

bfloat16 pays on a GPU and on CPUs with AMX tiles or AVX-512's dot products of bfloat16 pairs;
elsewhere it is emulated and up to fifty times slower than float32. Names of CPU features do not say
it on every machine, so a CPU is asked: one product of about the size that a layer has, in both.
"""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

import torch

logger = logging.getLogger(__name__)

ROWS, INNER, OUTER = 64, 512, 512  # of the product that is measured: below 1 ms in float32
TIMES = 3  # that it is taken; the fastest counts, whatever else the machine does
PAYS = 1.1  # times faster that bfloat16 must be


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
    return Device("cpu", bfloat16=cpu_bfloat16_pays())


@cache
def cpu_bfloat16_pays() -> bool:
    """Whether this CPU multiplies faster in bfloat16, measured once in a process."""
    exact, short = seconds_of_product(torch.float32), seconds_of_product(torch.bfloat16)
    pays = short * PAYS < exact
    logger.info(
        "products run in %s: one takes %.1f ms in bfloat16 and %.1f ms in float32 on this CPU",
        "bfloat16" if pays else "float32",
        1000 * short,
        1000 * exact,
    )
    return pays


def seconds_of_product(dtype: torch.dtype) -> float:
    """The shortest time of a few that one product takes on the CPU."""
    left, right = torch.ones(ROWS, INNER, dtype=dtype), torch.ones(INNER, OUTER, dtype=dtype)
    times = []
    for _ in range(TIMES + 1):  # the first one also sets things up
        begun = time.perf_counter()
        torch.matmul(left, right)
        times.append(time.perf_counter() - begun)
    return min(times[1:])
