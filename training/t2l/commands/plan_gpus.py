"""GPUs that a run can be planned for: memory, speed, and what an hour of one has cost.

Memory is the nominal size in GB of 10^9 bytes; what CUDA reports is up to seven per cent more, and
half a per cent less of an L40S. Speeds are NVIDIA's, dense products of bfloat16 with float32 sums:
half of what data sheets give "with sparsity", and for the RTX 4090 the rate of appendix A of the
Ada white paper. Prices are of one GPU rented by the hour, without storage and traffic; they move by
the week, so each has its date, and `--price` is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from t2l.config.errors import ConfigError

GB = 10**9


@dataclass(frozen=True)
class Gpu:
    """One kind of GPU.

    :param memory: bytes.
    :param teraflops: 10^12 dense bfloat16 operations a second, at most.
    :param price: US dollars an hour.
    :param source: who asked that price.
    :param read: the day it was read, YYYY-MM-DD.
    """

    name: str
    memory: int
    teraflops: float
    price: float
    source: str
    read: str


RUNPOD = "runpod.io/pricing, Secure Cloud"
LISTED = "RunPod as listed by deploybase.ai/articles"
GPUS = (
    Gpu("rtx-4090", 24 * GB, 165.2, 0.34, f"{LISTED}/runpod-gpu-pricing", "2026-03-10"),
    Gpu("a100-40gb", 40 * GB, 312.0, 1.99, "lambda.ai/instances, 8 GPUs", "2026-09-20"),
    Gpu("l40s", 48 * GB, 362.05, 0.79, f"{LISTED}/runpod-gpu-pricing", "2026-03-10"),
    Gpu("a100-80gb", 80 * GB, 312.0, 1.79, f"{RUNPOD}, SXM", "2026-11-09"),
    Gpu("h100-80gb", 80 * GB, 989.4, 3.99, f"{RUNPOD}, SXM", "2026-11-09"),
    Gpu("h200", 141 * GB, 989.4, 4.59, "runpod.io/pricing", "2026-10-07"),
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
