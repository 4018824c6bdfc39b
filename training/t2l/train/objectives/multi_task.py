"""The multi-task baseline: one LoRA for all training tasks, its learning rate chosen on others."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor
from transformers import LlamaForCausalLM

from t2l.base.adapter_stack import AdapterStack, load_stack, save_stack
from t2l.base.device import Device
from t2l.base.lora import LoraWeights
from t2l.base.scoring import exact_matches
from t2l.base.target import TargetSpec
from t2l.config.baselines import MultiTaskConfig
from t2l.tasks.procedural.world import Task
from t2l.tasks.samples import fresh_samples
from t2l.template.arrow import question_row
from t2l.train.loop import run_loop
from t2l.train.zero_shot import adapted_losses, by_length, draw_questions, prepare

logger = logging.getLogger(__name__)
FOLDER = "multi_task"
WEIGHTS_FILE = "adapter.safetensors"
CHOICE_FILE = "choice.json"


def train_multi_task(
    model: LlamaForCausalLM,
    target: TargetSpec,
    tasks: Sequence[Task],
    selection: Sequence[Task],
    options: MultiTaskConfig,
    folder: Path,
    device: Device,
) -> LoraWeights:
    """Train one adapter a learning rate and keep the one that answers the selection tasks best.

    :param model: the frozen base model.
    :param folder: its `multi_task/` gets the adapter and `choice.json` with every rate's score.
    :return: the adapter, [1, ...], B unscaled.
    """
    place = folder / FOLDER
    if (place / WEIGHTS_FILE).exists():
        return load_multi_task(folder)
    prepare(model, device)
    questions = [
        question_row(sample)
        for task in selection
        for sample in fresh_samples(task, options.samples, f"multi_task|{options.seed}")
    ]
    scores: dict[float, float] = {}
    trained: dict[float, LoraWeights] = {}
    for rate in options.rates:
        trained[rate] = _train(model, target, tasks, replace(options, lr=rate), place, device)
        hits = exact_matches(model, questions, device, target, trained[rate])
        scores[rate] = sum(hits) / len(hits)
        logger.info("multi-task LoRA at rate %g: %.4f on selection tasks", rate, scores[rate])
    best = max(options.rates, key=scores.__getitem__)  # the first of equals
    save_stack(place / WEIGHTS_FILE, trained[best])
    choice = {"rate": best, "selection": {f"{rate:g}": scores[rate] for rate in options.rates}}
    (place / CHOICE_FILE).write_text(json.dumps(choice, indent=2) + "\n", encoding="utf-8")
    return trained[best]


def _train(
    model: LlamaForCausalLM,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: MultiTaskConfig,
    place: Path,
    device: Device,
) -> LoraWeights:
    """One adapter at one learning rate, [1, ...]."""
    stack = AdapterStack(target, ["multi_task"], options.seed).to(device.name)

    def loss_at(step: int) -> Tensor:
        seed = f"multi_task|{options.seed}|{step}"
        rows = draw_questions(tasks, options.tasks, options.examples, seed)
        shared = {
            name: (a.expand(len(rows), -1, -1, -1), b.expand(len(rows), -1, -1, -1))
            for name, (a, b) in stack().items()
        }
        sums, counts = adapted_losses(model, target, shared, by_length(rows), device)
        return sums.sum() / counts.sum()

    run_loop(stack, loss_at, options, place / f"rate-{options.lr:g}", "multi-task LoRA")
    return {name: (a.detach(), b.detach()) for name, (a, b) in stack().items()}


def load_multi_task(folder: Path) -> LoraWeights:
    """The multi-task adapter, [1, ...], B unscaled.

    :raises FileNotFoundError: if it was not trained.
    """
    path = folder / FOLDER / WEIGHTS_FILE
    if not path.exists():
        raise FileNotFoundError(f"{path}: no adapter; run the `baselines` stage first")
    return load_stack(path)
