"""A tiny base model, its tasks and a configuration in which everything takes a few steps."""

import dataclasses
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.device import Device
from t2l.base.model import BaseModel
from t2l.base.source import BaseSource
from t2l.base.target import TargetSpec
from t2l.config.baselines import (
    ArrowOptions,
    BaselinesConfig,
    HyperdecoderConfig,
    MultiTaskConfig,
    OraclesConfig,
    ReconstructionConfig,
)
from t2l.config.recipe import (
    BaseModelConfig,
    Config,
    EvaluationConfig,
    HypernetworkOptions,
    SftConfig,
    TargetConfig,
)
from t2l.encoders.corpus import Corpus
from t2l.mini.base_model import build_model, save_base_model
from t2l.tasks.procedural.phrases import frames
from t2l.tasks.procedural.world import Task, TaskSet, procedural_tasks
from t2l.tasks.source import Split

CPU = Device("cpu", bfloat16=False)
DIM = 8
MINI = BaseModelConfig(hidden=16, layers=2, heads=2, intermediate=32)
CONFIG = Config(
    runs="unused",
    base=MINI,
    target=TargetConfig(rank=2),
    hypernetwork=HypernetworkOptions(latent=16, head_in=16),
    sft=SftConfig(steps=6, tasks=4, examples=2, warmup=2),
    evaluation=EvaluationConfig(samples=4, descriptions=2),
    baselines=BaselinesConfig(
        oracles=OraclesConfig(steps=4, warmup=1, examples=2, group=3),
        multi_task=MultiTaskConfig(steps=3, warmup=1, tasks=4, samples=2, rates=(1e-3, 1e-2)),
        hyperdecoder=HyperdecoderConfig(steps=3, warmup=1, tasks=4, whitening_rows=16),
        arrow=ArrowOptions(experts=3, top_k=2),
        reconstruction=ReconstructionConfig(steps=80, warmup=2, lr=1e-2, tasks=4),
    ),
)


class LetterEncoder:
    """A vector a text, from its letters."""

    dim = DIM

    def encode(self, texts: Sequence[str]) -> Tensor:
        rows = [
            [text.count(chr(ord("a") + i)) + 0.1 * (i == 0) for i in range(DIM)] for text in texts
        ]
        return torch.nn.functional.normalize(torch.tensor(rows), dim=1)


@cache
def tiny_tasks() -> TaskSet:
    return procedural_tasks(limit=16)


def in_phrasing(text: str, task: Task, split: Split) -> bool:
    """Whether a description is in a sentence frame of a split (and, for `train`, of no other)."""
    if split == "train":
        return not any(in_phrasing(text, task, other) for other in ("selection", "held_out"))
    patterns = (re.escape(frame) for frame in frames(len(task.steps), split))
    patterns = (re.sub(r"\\{[abcx]\\}", ".+", pattern) for pattern in patterns)
    return any(re.fullmatch(pattern, text, re.IGNORECASE) for pattern in patterns)


def tiny_base(folder: Path) -> tuple[PreTrainedModel, TargetSpec]:
    """A random base with larger weights than at its start, so that its answers depend on inputs."""
    base = build_model(MINI)
    generator = torch.Generator().manual_seed(5)
    for parameter in base.parameters():
        if parameter.ndim == 2:
            parameter.data.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    save_base_model(base, folder)
    return open_tiny(folder)


def open_tiny(folder: Path, config: Config = CONFIG) -> tuple[PreTrainedModel, TargetSpec]:
    """A base model that was saved, frozen, and what a configuration's adapters for it are for."""
    base = BaseModel.open(BaseSource("mini", str(folder), id=config.base.id))
    target = config.target
    return base.model, base.target(target.modules, target.rank, target.alpha)


def tiny_corpus(limit: int | None = None) -> Corpus:
    """Training tasks with random vectors for their descriptions."""
    tasks = tiny_tasks().train[:limit]
    texts = tuple(task.descriptions("train", 2, 0) for task in tasks)
    generator = torch.Generator().manual_seed(0)
    vectors = tuple(torch.randn(len(row), DIM, generator=generator) for row in texts)
    return Corpus(tasks, texts, tuple(torch.nn.functional.normalize(v, dim=1) for v in vectors))


def random_adapters(target: TargetSpec, count: int, seed: int = 1) -> AdapterWeights:
    generator = torch.Generator().manual_seed(seed)
    return {
        m.name: (
            0.3
            * torch.randn(count, target.layers, target.rank, m.in_features, generator=generator),
            0.3
            * torch.randn(count, target.layers, m.out_features, target.rank, generator=generator),
        )
        for m in target.modules
    }


def with_baselines(**changes: object) -> Config:
    """The configuration with other baselines."""
    return dataclasses.replace(CONFIG, baselines=dataclasses.replace(CONFIG.baselines, **changes))
