"""Whether there is room for a measurement, from sizes alone and before anything is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch

from t2l.commands.bench.repetition import repeated_bytes
from t2l.commands.bench.sizes import Sizes
from t2l.commands.bench.subject import SFT, random_hypernetwork, random_model
from t2l.commands.plan_memory import LargestPart, memory_parts
from t2l.config.errors import Refusal
from t2l.train.objectives.sft import make_optimizers

MEMINFO = Path("/proc/meminfo")
REPEATED = "repeated adapters"


def needed(sizes: Sizes) -> dict[str, int]:
    """Bytes by part of the step that needs most, which is the one that repeats adapters."""
    with torch.device("meta"):
        network = random_hypernetwork(sizes)
    parts = memory_parts(
        random_model(sizes, "meta"),
        network,
        make_optimizers(network, SFT, sizes.bfloat16),
        sizes.target,
        sizes.tasks,
        LargestPart(sizes.rows, sizes.length, sizes.rows * sizes.answers),
        bfloat16=sizes.bfloat16,
        recompute=False,
    )
    tokens, width = sizes.rows * sizes.length, 2 if sizes.bfloat16 else 4
    return {**parts, REPEATED: repeated_bytes(sizes.target, tokens, width)}


def require_room(parts: Mapping[str, int], free: int, device: str) -> None:
    """Refuse what does not fit.

    :param parts: bytes by part.
    :param free: bytes.
    :raises Refusal: saying what takes most of it and what would do.
    """
    total = sum(parts.values())
    if total <= free:
        return
    largest = sorted(parts, key=lambda name: -parts[name])[:3]
    takes = ", ".join(f"{parts[name] / 1e9:.1f} GB of {name}" for name in largest)
    remedy = "take a device with more, or lower --tasks, --examples or --length"
    raise Refusal(
        f"this needs about {total / 1e9:.1f} GB ({takes}) and {device} has {free / 1e9:.1f} GB "
        f"free: {remedy}"
    )


def free_bytes(device: str) -> int:
    """Memory of a device that nothing uses yet."""
    if device == "cuda":
        return torch.cuda.mem_get_info()[0]
    if MEMINFO.is_file():
        for line in MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
