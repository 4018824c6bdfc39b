"""The multi-task baseline: one LoRA for all training tasks, its learning rate chosen on others."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from torch import Tensor
from torch.optim import Optimizer
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_stack import AdapterStack, load_stack, save_stack
from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.device import Device
from t2l.base.reader import Reader
from t2l.base.scoring import exact_matches
from t2l.base.target import TargetSpec
from t2l.config.baselines import MultiTaskConfig
from t2l.config.sft import TrainerConfig
from t2l.tasks.samples import fresh_samples
from t2l.tasks.source import Task
from t2l.template.arrow import ArrowTemplate
from t2l.template.template import Template
from t2l.train.rows import KeptRows
from t2l.train.trainer import BETAS, Identity, Schedule, StepResult, Trainer, adamw
from t2l.train.zero_shot import (
    answer_mean,
    draw_questions,
    frozen_reader,
    losses_backward,
    parts_of,
    under_one,
)

logger = logging.getLogger(__name__)
FOLDER = "multi_task"
WEIGHTS_FILE = "adapter.safetensors"
CHOICE_FILE = "choice.json"


@dataclass
class SharedAdapter:
    """The objective: one adapter under all tasks' questions."""

    reader: Reader
    module: AdapterStack
    optimizers: Sequence[Optimizer]
    target: TargetSpec
    tasks: Sequence[Task]
    options: MultiTaskConfig
    rows: KeptRows

    def step(self, step: int) -> StepResult:
        """See `Objective.step`."""
        options = self.options
        seed = f"multi_task|{options.seed}|{step}"
        rows = draw_questions(self.tasks, options.tasks, options.examples, seed, self.rows)
        parts = under_one(parts_of([[row] for row in rows]))
        mean = answer_mean(parts)
        return losses_backward(self.reader, self.target, self.module(), parts, mean)

    def validate(self) -> Mapping[str, float] | None:
        """Nothing: rates are compared at the end."""
        return None


def train_multi_task(
    model: PreTrainedModel,
    target: TargetSpec,
    tasks: Sequence[Task],
    selection: Sequence[Task],
    options: MultiTaskConfig,
    folder: Path,
    device: Device,
    *,
    template: Template | None = None,
    trainer: TrainerConfig | None = None,
) -> AdapterWeights:
    """Train one adapter a learning rate and keep the one that answers the selection tasks best.

    :param model: the frozen base model, any causal one.
    :param target: what the adapter is for; it says where the model's layers are.
    :param folder: its `multi_task/` gets the adapter and `choice.json` with every rate's score.
    :param template: how questions become tokens; t2l-mini's by default.
    :param trainer: how it runs on this machine.
    :return: the adapter, [1, ...], B unscaled.
    :raises ConfigError: if a rate's training was begun as another run.
    """
    place = folder / FOLDER
    if (place / WEIGHTS_FILE).exists():
        return load_multi_task(folder)
    trainer = trainer or TrainerConfig()
    reader = frozen_reader(model, device, trainer.gradient_checkpointing)
    rows = KeptRows(template or ArrowTemplate())
    questions = [
        rows.row(sample)
        for task in selection
        for sample in fresh_samples(task, options.samples, f"multi_task|{options.seed}")
    ]
    scores: dict[float, float] = {}
    trained: dict[float, AdapterWeights] = {}
    for rate in options.rates:
        ours = replace(options, lr=rate)
        trained[rate] = _train(reader, target, tasks, ours, place, rows, trainer)
        hits = exact_matches(model, questions, device, target, trained[rate])
        scores[rate] = sum(hits) / len(hits)
        logger.info("multi-task LoRA at rate %g: %.4f on selection tasks", rate, scores[rate])
    best = max(options.rates, key=scores.__getitem__)  # the first of equals
    save_stack(place / WEIGHTS_FILE, trained[best])
    choice = {"rate": best, "selection": {f"{rate:g}": scores[rate] for rate in options.rates}}
    (place / CHOICE_FILE).write_text(json.dumps(choice, indent=2) + "\n", encoding="utf-8")
    return trained[best]


def _train(
    reader: Reader,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: MultiTaskConfig,
    place: Path,
    rows: KeptRows,
    trainer: TrainerConfig,
) -> AdapterWeights:
    """One adapter at one learning rate, [1, ...]."""
    stack = AdapterStack(target, ["multi_task"], options.seed, reader.model)
    stack.to(reader.device.name)
    optimizers = [adamw(stack, options.lr, BETAS, options.weight_decay)]
    identity: Identity = {
        "multi_task": asdict(options),
        "target": target.to_json(),
        "template": rows.template.describe(),
    }
    loop = Trainer(
        Schedule.of(options),
        trainer,
        place / f"rate-{options.lr:g}",
        identity,
        f"multi-task LoRA at rate {options.lr:g}",
    )
    loop.run(SharedAdapter(reader, stack, optimizers, target, tasks, options, rows))
    return changed(stack(), Tensor.detach)


def load_multi_task(folder: Path) -> AdapterWeights:
    """The multi-task adapter, [1, ...], B unscaled.

    :raises FileNotFoundError: if it was not trained.
    """
    path = folder / FOLDER / WEIGHTS_FILE
    if not path.exists():
        raise FileNotFoundError(f"{path}: no adapter; run the `baselines` stage first")
    return load_stack(path)
