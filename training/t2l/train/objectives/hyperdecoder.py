"""Hyperdecoders (Ivison & Peters, 2022): an adapter for every input, made from the input itself.

The network is our hypernetwork and the loss is ours. It reads no description: its vector is the
mean of the base model's final hidden states over the prompt. What it cannot know is which task is
wanted where the input does not say so, and that is what it is compared for.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import changed
from t2l.base.device import Device
from t2l.base.reader import Reader
from t2l.base.target import TargetSpec
from t2l.config.baselines import HyperdecoderConfig
from t2l.config.recipe import Config
from t2l.hypernet.hypernetwork import CONFIG_FILE, Hypernetwork
from t2l.hypernet.whitening import Whitening
from t2l.tasks.source import Task
from t2l.template.arrow import ArrowTemplate
from t2l.template.rows import Row
from t2l.template.template import Template
from t2l.train.objectives.sft import build_hypernetwork
from t2l.train.rows import KeptRows
from t2l.train.trainer import BETAS, Schedule, StepResult, Trainer, adamw
from t2l.train.zero_shot import (
    answer_mean,
    draw_questions,
    frozen_reader,
    losses_backward,
    parts_of,
)

logger = logging.getLogger(__name__)
FOLDER = "hyperdecoder"
ROWS_A_BATCH = 160
FILL = 0  # what prompts are filled up with; any token does, as nothing looks at it


@torch.no_grad()
def prompt_vectors(model: PreTrainedModel, rows: Sequence[Row], device: Device) -> Tensor:
    """Unit mean of the final hidden states over each row's prompt, [rows, hidden], on the CPU.

    The answer is cut off; the model runs without any adapter.

    :param model: any causal language model.
    :param rows: questions with their answers.
    """
    found = []
    for start in range(0, len(rows), ROWS_A_BATCH):
        some = rows[start : start + ROWS_A_BATCH]
        prompts = [ids[: is_answer.index(True)] for ids, is_answer in some]
        longest = max(map(len, prompts))
        tokens = torch.tensor([ids + [FILL] * (longest - len(ids)) for ids in prompts])
        lengths = torch.tensor([len(ids) for ids in prompts])
        inside = torch.arange(longest) < lengths[:, None]  # [rows, length]
        hidden = model.base_model(input_ids=tokens.to(device.name)).last_hidden_state.float()
        inside = inside.to(hidden.device, hidden.dtype)[..., None]
        found.append((hidden * inside).sum(dim=1) / inside.sum(dim=1))
    return torch.nn.functional.normalize(torch.cat(found), dim=1).cpu()


@dataclass
class InputDecoder:
    """The objective: every question under the adapter that the network makes of it.

    :param whitening: of prompt vectors, if any.
    """

    reader: Reader
    module: Hypernetwork
    optimizers: Sequence[Optimizer]
    tasks: Sequence[Task]
    options: HyperdecoderConfig
    rows: KeptRows
    whitening: Whitening | None

    def step(self, step: int) -> StepResult:
        """See `Objective.step`."""
        options, device = self.options, self.reader.device
        seed = f"hyperdecoder|{options.seed}|{step}"
        rows = draw_questions(self.tasks, options.tasks, options.examples, seed, self.rows)
        vectors = prompt_vectors(self.reader.model, rows, device)
        if self.whitening is not None:
            vectors = self.whitening(vectors)
        with device.autocast():
            weights = self.module(vectors.to(device.name))
        weights = changed(weights, Tensor.float)
        parts = parts_of([[row] for row in rows])
        mean = answer_mean(parts)
        return losses_backward(self.reader, self.module.target, weights, parts, mean)

    def validate(self) -> Mapping[str, float] | None:
        """Nothing: it is measured with the other conditions."""
        return None


def train_hyperdecoder(
    config: Config,
    model: PreTrainedModel,
    target: TargetSpec,
    tasks: Sequence[Task],
    folder: Path,
    device: Device,
    *,
    template: Template | None = None,
) -> Hypernetwork:
    """Train the network that reads inputs.

    :param model: the frozen base model, any causal one.
    :param tasks: the training tasks.
    :param folder: its `hyperdecoder/` gets checkpoints and the finished network.
    :param template: how questions become tokens; t2l-mini's by default.
    :raises ConfigError: if the folder was begun as another run.
    """
    place = folder / FOLDER
    if (place / CONFIG_FILE).exists():
        return load_hyperdecoder(folder)
    options = config.baselines.hyperdecoder
    rows = KeptRows(template or ArrowTemplate())
    reader = frozen_reader(model, device, config.trainer.gradient_checkpointing)
    width = model.config.get_text_config().hidden_size
    network = build_hypernetwork(config, target, width, model).to(device.name).train()
    whitening = _whitening(config, model, tasks, device, rows)
    optimizers = [adamw(network, options.lr, BETAS, options.weight_decay)]
    identity = {
        "hyperdecoder": asdict(options),
        "hypernetwork": asdict(config.hypernetwork),
        "target": target.to_json(),
        "template": rows.template.describe(),
    }
    loop = Trainer(Schedule.of(options), config.trainer, place, identity, "hyperdecoder")
    loop.run(InputDecoder(reader, network, optimizers, tasks, options, rows, whitening))
    network.eval().cpu()
    finished = network if whitening is None else whitening.fold(network)
    finished.save(place)
    return finished


def _whitening(
    config: Config, model: PreTrainedModel, tasks: Sequence[Task], device: Device, rows: KeptRows
) -> Whitening | None:
    """The whitening of prompt vectors, with the shrinkage that descriptions get."""
    if config.sft.whitening is None:
        return None
    options = config.baselines.hyperdecoder
    each = -(-options.whitening_rows // len(tasks))
    drawn = draw_questions(tasks, len(tasks), each, f"whitening|{options.seed}", rows)
    found = drawn[: options.whitening_rows]
    return Whitening.of(prompt_vectors(model, found, device), config.sft.whitening)


def load_hyperdecoder(folder: Path) -> Hypernetwork:
    """The finished network; it takes prompt vectors as they are.

    :raises FileNotFoundError: if it was not trained.
    """
    place = folder / FOLDER
    if not (place / CONFIG_FILE).exists():
        raise FileNotFoundError(f"{place}: no network; run the `baselines` stage first")
    return Hypernetwork.load(place)
