"""GPUs that a run can be planned for: memory, speed, and what an hour of one has cost.

Memory is the nominal size in GB of 10^9 bytes; what CUDA reports is up to seven per cent more, and
half a per cent less of an L40S. Speeds are those of `gpu_speeds.py`. Prices are of one GPU rented
by the hour, without storage and traffic; they move by the week, so each has its date, and `--price`
is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from t2l.commands.gpu_speeds import SPEEDS
from t2l.config.errors import ConfigError

GB = 10**9


@dataclass(frozen=True)
class Gpu:
    """One kind of GPU.

    :param memory: bytes.
    :param device: its name in `gpu_speeds.py`.
    :param price: US dollars an hour.
    :param source: who asked that price.
    :param read: the day it was read, YYYY-MM-DD.
    """

    name: str
    memory: int
    device: str
    price: float
    source: str
    read: str

    @property
    def teraflops(self) -> float:
        """10^12 dense bfloat16 operations a second, at most."""
        return SPEEDS[self.device]


RUNPOD = "runpod.io/pricing, Secure Cloud"
LISTED = "RunPod as listed by deploybase.ai/articles"
GPUS = (
    Gpu("rtx-4090", 24 * GB, "RTX 4090", 0.34, f"{LISTED}/runpod-gpu-pricing", "2026-03-10"),
    Gpu("a100-40gb", 40 * GB, "A100", 1.99, "lambda.ai/instances, 8 GPUs", "2026-09-20"),
    Gpu("l40s", 48 * GB, "L40S", 0.79, f"{LISTED}/runpod-gpu-pricing", "2026-03-10"),
    Gpu("a100-80gb", 80 * GB, "A100", 1.79, f"{RUNPOD}, SXM", "2026-11-09"),
    Gpu("h100-80gb", 80 * GB, "H100", 3.99, f"{RUNPOD}, SXM", "2026-11-09"),
    Gpu("h200", 141 * GB, "H200", 4.59, "runpod.io/pricing", "2026-10-07"),
)
"""By memory, the smaller first."""

DEFAULT = "h100-80gb"


def gpu_named(name: str) -> Gpu:
    """The GPU of a name.

    :raises ConfigError: for a name that is not in the table, with those that are.
    """
    for gpu in GPUS:
        if gpu.name == name:
            return gpu
    known = ", ".join(gpu.name for gpu in GPUS)
    raise ConfigError(f"--gpu {name} is not in the table; choose one of {known}")
