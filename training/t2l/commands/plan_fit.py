"""What a GPU has no room for is refused, with what would make it fit, each remedy tried by itself.

mistral-7b.yaml takes 29.5 GB on each of 1 rtx-4090, 5.5 GB more than its 24 GB: set ..., or ...
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from t2l.commands.plan_gpus import GB, GPUS, Gpu
from t2l.commands.plan_runs import Facts, Run, gpu_memory
from t2l.config.recipe import ConfigError

MORE_GPUS = (2, 4, 8)  # that are tried


def require_room(facts: Facts, run: Run, gpu: Gpu) -> None:
    """Refuse a run that a GPU has no room for.

    :raises ConfigError: naming what is too large, by how much, and what would make it fit.
    """
    over = run.bytes - gpu.memory
    if over <= 0:
        return
    largest = max(run.memory, key=lambda name: run.memory[name])
    remedies = list(_remedies(facts, run, gpu))
    what = ", or ".join(remedies) if remedies else "no single change of the recipe makes it fit"
    raise ConfigError(
        f"the recipe takes about {_size(run.bytes)} on each of {run.gpus} {gpu.name}, "
        f"{_size(over)} more than its {_size(gpu.memory)}, most of it {largest} "
        f"({_size(run.memory[largest])}): {what}"
    )


def _remedies(facts: Facts, run: Run, gpu: Gpu) -> Iterator[str]:
    """What makes the run fit, each by itself and the mildest first."""
    config = facts.config

    def fits(memory: dict[str, int]) -> bool:
        return sum(memory.values()) <= gpu.memory

    if next(facts.base.parameters()).dtype == torch.float32:
        half = 2 * sum(p.numel() for p in facts.base.parameters())
        if config.base.kind != "mini" and fits({**run.memory, "base model": half}):
            yield "set base.dtype to bfloat16"
    if not config.trainer.gradient_checkpointing and fits(
        gpu_memory(facts, run.gpus, recompute=True)
    ):
        yield "set trainer.gradient_checkpointing to true"
    for tasks in range(config.sft.tasks - 1, 0, -1):
        if fits(gpu_memory(facts, run.gpus, tasks=tasks)):
            yield f"lower sft.tasks to {tasks}"
            break
    published = run.memory["base model"] <= gpu.memory  # with which everything else is done
    packed = gpu_memory(facts, run.gpus, quantized=True)
    if config.sft.base_quantization is None and published and fits(packed):
        yield "set sft.base_quantization to nf4"
    for gpus in MORE_GPUS:
        if gpus > run.gpus and fits(gpu_memory(facts, gpus)):
            yield f"share a step among {gpus} of them (--gpus {gpus})"
            break
    for other in GPUS:
        if other.memory > gpu.memory and run.bytes <= other.memory:
            yield f"take --gpu {other.name}"
            break


def _size(value: float) -> str:
    return f"{value / GB:.1f} GB"
