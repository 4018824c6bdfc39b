"""How much a run has to do: tokens a step and in all, and how fast this machine is, if it is tried.

Tokens are counted on batches as training draws them, with vectors of zeros in place of the
encoder's, so nothing has to be encoded. The probe takes a few real steps and throws them away.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from t2l.base.model import BaseModel
from t2l.base.packing import Sheets, make_sheets
from t2l.base.target import TargetSpec
from t2l.commands.plan_memory import LargestPart
from t2l.config.recipe import Config
from t2l.encoders.corpus import Corpus
from t2l.evaluate.conditions import WITHOUT_HYPERNETWORK, conditions_on
from t2l.evaluate.opening import device_of
from t2l.evaluate.run import (
    DESCRIPTION_SEED,
    left_out_tasks,
    public_tasks,
    report_tasks,
    seen_tasks,
    tasks_of,
    tasks_with_oracles,
)
from t2l.template.template import Template
from t2l.train.meta_batch import make_batch
from t2l.train.metrics import FILE, read_metrics
from t2l.train.objectives.sft import build_hypernetwork, train_hypernetwork
from t2l.train.objectives.teacher import open_teacher
from t2l.train.rows import KeptRows

BATCHES = 8  # that tokens are counted on
PROBE_STEPS = 3
PROBE_TEXTS = 2  # vectors of a task, so that there is something to whiten
PROBE_TASKS = 64


@dataclass(frozen=True)
class Work:
    """What a run has to do.

    :param tasks: training tasks.
    :param texts: descriptions to encode.
    :param step_tokens: tokens that run through the base model and back in a step, on average.
    :param told_tokens: tokens that the teacher reads in a step, on average; forward only.
    :param length: of the sequence that such a token is in, on average over tokens.
    :param told_length: the same of the teacher's.
    :param answers: tokens that are predicted in a step, on average.
    :param largest: the part of those steps that needs most memory.
    :param training: tokens of each training, by stage.
    :param questions: that the evaluation asks.
    """

    tasks: int
    texts: int
    step_tokens: float
    told_tokens: float
    length: float
    told_length: float
    answers: float
    largest: LargestPart
    training: dict[str, float]
    questions: int


@dataclass(frozen=True)
class Speed:
    """What a few steps on this machine took.

    :param tokens_per_second: through the base model and back.
    :param peak: most bytes that the process has had, or the GPU.
    """

    tokens_per_second: float
    peak: int


def work_of(config: Config, template: Template) -> Work:
    """Count what a run has to do."""
    corpus = _corpus(config, len(tasks_of(config).train), 1)
    sheets, told = _sheets(config, corpus, template)
    step_tokens, told_tokens = (
        sum(sheet.tokens.numel() for sheet in some) / BATCHES for some in (sheets, told)
    )
    largest = max(sheets, key=lambda sheet: sheet.tokens.numel())
    texts = sum(
        len(task.descriptions("train", config.tasks.descriptions, DESCRIPTION_SEED))
        for task in corpus.tasks
    )
    return Work(
        tasks=len(corpus.tasks),
        texts=texts,
        step_tokens=step_tokens,
        told_tokens=told_tokens,
        length=_length(sheets),
        told_length=_length(told),
        answers=sum(len(sheet.at) for sheet in sheets) / BATCHES,
        largest=LargestPart(*largest.tokens.shape, answers=len(largest.at)),
        training=training_tokens(config, step_tokens, told_tokens, len(tasks_with_oracles(config))),
        questions=_questions(config),
    )


def _length(sheets: Sequence[Sheets]) -> float:
    """The length of the sheet that a token is on, on average."""
    tokens = sum(sheet.tokens.numel() for sheet in sheets)
    squares = sum(sheet.tokens.numel() * sheet.tokens.shape[1] for sheet in sheets)
    return squares / tokens if tokens else 0.0


def _corpus(config: Config, tasks: int, dim: int, texts: int = PROBE_TEXTS) -> Corpus:
    """Some training tasks with vectors that say nothing."""
    rows = tasks_of(config).train[:tasks]
    said = tuple(task.descriptions("train", texts, DESCRIPTION_SEED) for task in rows)
    torch.manual_seed(0)
    return Corpus(rows, said, tuple(torch.randn(len(one), dim) for one in said))


def _sheets(
    config: Config, corpus: Corpus, template: Template
) -> tuple[list[Sheets], list[Sheets]]:
    """The parts of some steps as they run, and as the teacher reads them."""
    options, kept = replace(config.sft, seed=0), KeptRows(template)
    share = getattr(config.template, "definition_share", 0.0)
    teacher = open_teacher(config.sft, kept)
    found, told = [], []
    for step in range(BATCHES):
        batch = make_batch(corpus, options, step, kept, teacher, share)
        found += [make_sheets(part.rows, len(part.places)) for part in batch.parts]
        told += [make_sheets(part.told, len(part.places)) for part in batch.parts if part.told]
    return found, told


def training_tokens(
    config: Config, step_tokens: float, told_tokens: float, tasks: int
) -> dict[str, float]:
    """Tokens of each training; what is read forward only counts half.

    :param tasks: that get a LoRA of their own.
    """
    sft, others = config.sft, config.baselines
    row = step_tokens / (sft.tasks * sft.examples)
    oracles, many, decoder = others.oracles, others.multi_task, others.hyperdecoder
    seeds, left = len(config.evaluation.train_seeds), set(config.evaluation.leave_out)
    found = {"sft": seeds * sft.steps * (step_tokens + told_tokens / 2)}
    if tasks:
        found["oracles"] = tasks * oracles.steps * oracles.examples * row
    if "multi_task" not in left:
        steps = len(many.rates) * many.steps
        found["multi-task LoRA"] = steps * many.tasks * many.examples * row
    if "hyperdecoder" not in left:
        found["hyperdecoder"] = decoder.steps * decoder.tasks * decoder.examples * row
    return found


def _questions(config: Config) -> int:
    public = {name: len(tasks) for name, tasks in public_tasks(config).items()}
    return questions_of(
        config,
        {
            "report": len(report_tasks(config)),
            "left_out": len(left_out_tasks(config)),
            "seen": len(seen_tasks(config)),
            **public,
        },
        frozenset(public),
    )


def questions_of(
    config: Config, splits: Mapping[str, int], public: frozenset[str] = frozenset()
) -> int:
    """How many questions the evaluation asks.

    :param splits: number of tasks of each.
    :param public: those splits that others' tasks are in.
    """
    options, found = config.evaluation, 0
    for split, tasks in splits.items():
        names = conditions_on(
            split,
            config.template.kind,
            options.leave_out,
            split in public,
            config.target.output,
        )
        once = sum(name in WITHOUT_HYPERNETWORK for name in names)
        found += tasks * (once + (len(names) - once) * len(options.train_seeds))
    return found * options.samples * len(options.sampling_seeds)


def measure_speed(
    config: Config, base: BaseModel, target: TargetSpec, template: Template, dim: int
) -> Speed:
    """Take a few steps of the hypernetwork's training and throw them away.

    :param base: with its weights.
    :param dim: of the encoder's vectors.
    """
    probe = replace(
        config, sft=replace(config.sft, steps=PROBE_STEPS, warmup=0, distill=0.0, seed=0)
    )
    device = device_of(config)
    with tempfile.TemporaryDirectory() as folder:
        train_hypernetwork(
            probe,
            base.model,
            build_hypernetwork(probe, target, dim, base.model),
            _corpus(config, max(PROBE_TASKS, config.sft.tasks), dim),
            Path(folder),
            device,
            template=template,
            options=replace(config.trainer, tensorboard=False),
            definitions=getattr(config.template, "definition_share", 0.0),
        )
        last = read_metrics(Path(folder) / FILE)[-1]
    return Speed(float(last["tokens_per_s"]), peak_bytes(device.name))


def peak_bytes(device: str) -> int:
    """The most memory that this process has had, on the GPU if it computes there."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
