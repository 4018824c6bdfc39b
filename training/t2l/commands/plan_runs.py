"""A run on so many GPUs of a kind: memory on each, hours and cost.

Every GPU has the whole base model and the whole hypernetwork; a step's tasks are shared out
(`train/parallel.py`), so the GPU with the most tasks says how long a step takes, and a GPU without
a task waits. Nothing here is measured: memory is counted from shapes, time from operations
(`plan_flops.py`) at a stated share of the GPU's speed. What the GPUs say to each other takes no
time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch.optim import Optimizer
from transformers.modeling_utils import PreTrainedModel

from t2l.base.target import TargetSpec
from t2l.commands.plan_flops import (
    base_flops,
    network_flops,
    runs_last_again,
    told_flops,
    transformer_of,
)
from t2l.commands.plan_gpus import GB, Gpu
from t2l.commands.plan_memory import FLOAT, LargestPart, memory_parts
from t2l.commands.plan_work import Work
from t2l.config.recipe import Config
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.train.meta_batch import LENGTH_BUCKETS

CUDA = GB  # context, libraries and what the allocator cannot use: about, on any GPU


@dataclass(frozen=True)
class Facts:
    """What memory and time follow from.

    :param base: the base model; its weights need not be there.
    :param optimizers: the hypernetwork's.
    :param work: of the recipe.
    """

    config: Config
    base: PreTrainedModel
    network: Hypernetwork
    optimizers: Sequence[Optimizer]
    target: TargetSpec
    work: Work


@dataclass(frozen=True)
class Run:
    """A run on some GPUs.

    :param memory: bytes by part, on the GPU that needs most.
    :param tasks: of a step, on the GPU that has most.
    :param idle: GPUs that have none.
    :param hours: of meta-training on all of them, and of the other trainings on one.
    :param cost: US dollars of all GPUs for that long.
    """

    gpus: int
    memory: dict[str, int]
    tasks: int
    idle: int
    hours: float
    cost: float

    @property
    def bytes(self) -> int:
        """Memory in all."""
        return sum(self.memory.values())


def run_on(facts: Facts, gpus: int, gpu: Gpu, utilisation: float, price: float) -> Run:
    """Memory, hours and cost.

    :param utilisation: share of the GPU's speed that is reached.
    :param price: US dollars an hour of one GPU.
    """
    tasks = facts.config.sft.tasks
    busiest = math.ceil(tasks / gpus)
    rate = utilisation * gpu.teraflops * 1e12
    steps = facts.config.sft.steps * len(facts.config.evaluation.train_seeds)
    seconds = steps * step_flops(facts) * (busiest / tasks) / rate
    seconds += other_flops(facts) / rate
    return Run(
        gpus=gpus,
        memory=gpu_memory(facts, gpus),
        tasks=busiest,
        idle=max(0, gpus - tasks),
        hours=seconds / 3600,
        cost=seconds / 3600 * gpus * price,
    )


def step_flops(facts: Facts) -> float:
    """Operations of a step of meta-training, on all GPUs together."""
    work, model = facts.work, transformer_of(facts.base.config)
    learnt = _learnt(facts, work.step_tokens, work.answers)
    told = told_flops(model, work.told_tokens, work.told_length)
    return learnt + told + network_flops(facts.network.config, facts.target, facts.config.sft.tasks)


def other_flops(facts: Facts) -> float:
    """Operations of the trainings beside it: their tokens, as dear as those of a step."""
    work = facts.work
    tokens = sum(value for name, value in work.training.items() if name != "sft")
    return _learnt(facts, tokens, tokens * work.answers / work.step_tokens)


def _learnt(facts: Facts, tokens: float, answers: float) -> float:
    return base_flops(
        transformer_of(facts.base.config),
        facts.target,
        tokens,
        facts.work.length,
        answers,
        recompute=facts.config.trainer.gradient_checkpointing,
        last_again=runs_last_again(facts.base, facts.target.layers_path),
    )


def gpu_memory(
    facts: Facts,
    gpus: int,
    tasks: int | None = None,
    recompute: bool | None = None,
    quantized: bool | None = None,
) -> dict[str, int]:
    """Bytes by part on the GPU that needs most.

    :param tasks: of a step, by default the recipe's.
    :param recompute: whether activations are computed twice, by default as the recipe says.
    :param quantized: whether the base model lies in 4 bits, by default as the recipe says.
    """
    config = facts.config
    tasks = tasks or config.sft.tasks
    recompute = config.trainer.gradient_checkpointing if recompute is None else recompute
    part = largest_on(facts.work.largest, config.sft.tasks, tasks, gpus)
    memory = memory_parts(
        facts.base,
        facts.network,
        facts.optimizers,
        facts.target,
        math.ceil(tasks / gpus),
        part,
        bfloat16=True,
        recompute=recompute,
        scores=kept_scores(config, facts.base),
        quantized=config.sft.base_quantization is not None if quantized is None else quantized,
    )
    if gpus > 1:  # added up in one piece
        memory["gradients of all GPUs"] = FLOAT * sum(p.numel() for p in facts.network.parameters())
    return {**memory, "CUDA and its allocator": CUDA}


def largest_on(part: LargestPart, tasks: int, wanted: int, gpus: int) -> LargestPart:
    """The part of a step that needs most memory, on the GPU that has most of it.

    :param part: of a step of `tasks` tasks on one GPU.
    :param wanted: tasks of the step that is asked about.
    """
    whole, asked = (math.ceil(count / LENGTH_BUCKETS) for count in (tasks, wanted))
    share = math.ceil(asked / gpus) / whole
    sheets, answers = (math.ceil(count * share) for count in (part.sheets, part.answers))
    return LargestPart(sheets, part.length, answers)


def kept_scores(config: Config, base: PreTrainedModel) -> int:
    """Values that a layer keeps for every head and pair of tokens on a GPU, in bfloat16's width.

    One kernel does attention and keeps none, unless it is written out: then softmax is kept in
    float32 and in bfloat16, and what a cap on its logits was computed from (Gemma 2).
    """
    asked = getattr(config.base, "attention", "auto")
    capped = getattr(base.config.get_text_config(), "attn_logit_softcapping", None) is not None
    written_out = asked == "eager" or (asked == "auto" and capped)
    return 3 + capped if written_out else 0
